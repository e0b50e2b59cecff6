import { z } from 'zod';

/** A program that people let act for them. It keeps no secret (RFC 6749, 2.1): its id is all that it shows. */
export interface Program {
  id: string;
  /** As people are asked about it. */
  name: string;
}

/** Those that there are. They are ours, and go with the product. */
const PROGRAMS: readonly Program[] = [{ id: 'gatehouse-cli', name: 'Gatehouse CLI' }];

/** Null for one that is not there. */
export const programOf = (clientId: string | undefined): Program | null =>
  PROGRAMS.find(({ id }) => id === clientId) ?? null;

/**
 * Where a code may go: to the program's own machine, by its literal address, whatever the port (RFC 8252, 7.3). `localhost`
 * is none: a name can be made to lead elsewhere (8.3).
 */
const LOOPBACKS = ['http://127.0.0.1', 'http://[::1]'];
const CALLBACK = '/callback';

export function isRedirectUri(text: string): boolean {
  const host = LOOPBACKS.find((one) => text.startsWith(one));
  if (host === undefined || !text.endsWith(CALLBACK)) return false;
  const port = text.slice(host.length, -CALLBACK.length);
  return port === '' || (/^:[1-9]\d{0,4}$/.test(port) && Number(port.slice(1)) <= 65_535);
}

/** What a program calls what it runs on: shown to people, so nothing that breaks or turns a line. */
export const DeviceName = z
  .string()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be printable')
  .trim()
  .min(1)
  .max(80)
  .meta({ example: 'build-box' });
