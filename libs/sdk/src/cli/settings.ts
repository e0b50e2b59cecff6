import type { Anchor } from '../anchors.js';
import { isLoopback, serverUrl } from '../api/server-url.js';
import { EXIT, Refusal } from './exit-codes.js';

/** What every verb takes, as parseArgs wants it. */
export const COMMON = {
  url: { type: 'string' },
  'allow-http': { type: 'boolean' },
  'state-dir': { type: 'string' },
  'hardware-id': { type: 'string' },
  anchor: { type: 'string', multiple: true },
  issuer: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** As parseArgs gives them. */
export interface CommonValues {
  url?: string;
  'allow-http'?: boolean;
  'state-dir'?: string;
  'hardware-id'?: string;
  anchor?: string[];
  issuer?: string;
}

/** What the caller said, by option or by variable; options win. Undefined: nothing, so what was activated counts. */
export interface Said {
  url: string | undefined;
  allowHttp: boolean;
  licenseKey: string | undefined;
  directory: string | undefined;
  hardwareId: string | undefined;
  anchors: readonly Anchor[];
  issuer: string | undefined;
  /** A faked clock, ms. */
  clockOffsetMs: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Throws Refusal for what is not as it should be. */
export function readSaid(values: CommonValues, variables: Variables): Said {
  const url = values.url ?? variable(variables, 'GATEHOUSE_URL');
  const anchors = values.anchor ?? variable(variables, 'GATEHOUSE_ANCHORS')?.split(',') ?? [];
  return {
    url: url === undefined ? undefined : checkedUrl(url),
    allowHttp: values['allow-http'] ?? flag(variables, 'GATEHOUSE_ALLOW_HTTP'),
    licenseKey: variable(variables, 'GATEHOUSE_LICENSE_KEY'),
    directory: values['state-dir'] ?? variable(variables, 'GATEHOUSE_STATE_DIR'),
    hardwareId: values['hardware-id'] ?? variable(variables, 'GATEHOUSE_HARDWARE_ID'),
    anchors: anchors.map(anchorOf),
    issuer: values.issuer ?? variable(variables, 'GATEHOUSE_ISSUER'),
    clockOffsetMs: clockOffset(variable(variables, 'GATEHOUSE_CLOCK_OFFSET_SECONDS')),
  };
}

/** The faked clock's offset, ms, where it may count: against a server of this very machine. Elsewhere it would be a way out. */
export const clockOffsetFor = (url: string | undefined, said: Said): number =>
  url !== undefined && isLoopback(url) ? said.clockOffsetMs : 0;

/** Empty counts as not set, as compose files write it. */
const variable = (variables: Variables, name: string) => variables[name] || undefined;

function flag(variables: Variables, name: string): boolean {
  const text = variable(variables, name) ?? 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Refusal(EXIT.usage, `${name} has to be true or false.`);
}

function checkedUrl(text: string): string {
  try {
    return serverUrl(text);
  } catch (error) {
    throw new Refusal(EXIT.usage, error instanceof Error ? error.message : String(error));
  }
}

/** `kid:x`; a kid may hold a colon, the base64url of a key does not. */
function anchorOf(text: string): Anchor {
  const at = text.lastIndexOf(':');
  const [kid, x] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || kid.length > 128 || !/^[A-Za-z0-9_-]{43}$/.test(x))
    throw new Refusal(
      EXIT.usage,
      `${JSON.stringify(text.slice(0, 200))} is no anchor: kid:x, the x of its JWK.`,
    );
  return { kid, x };
}

function clockOffset(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^-?\d{1,9}$/.test(text))
    throw new Refusal(EXIT.usage, 'GATEHOUSE_CLOCK_OFFSET_SECONDS has to be a whole number of seconds.');
  return Number(text) * 1000;
}
