import type fc from 'fast-check';
import type { RawRequest } from './openapi-fuzz-client.js';
import type { Operation } from './openapi-fuzz-schema.js';

/** One hostile request, and what may come of it. */
export interface HostileCase {
  what: string;
  request: RawRequest;
  /** The refusals that fit; `any` of them; or `none_needed`, where the input may turn out to be harmless. */
  answer: readonly number[] | 'any' | 'none_needed';
}

/** The request that the document shows as an example, sent by a caller who may; the cases spoil it in one place. */
export interface Sound {
  operation: Operation;
  /** With the values of path parameters filled in. */
  target: string;
  headers: [string, string][];
}

export const JSON_TYPE: [string, string] = ['content-type', 'application/json'];

export const request = (sound: Sound, change: Partial<RawRequest> = {}): RawRequest => ({
  method: sound.operation.method,
  target: sound.target,
  headers: sound.headers,
  ...change,
});

export const withJson = (sound: Sound, body: string | Buffer): RawRequest =>
  request(sound, { headers: [...sound.headers, JSON_TYPE], body: Buffer.from(body as string) });

/** The example of the body as JSON text; an empty object where the route takes none. */
export const soundBody = (sound: Sound): string => JSON.stringify(sound.operation.body?.example ?? {});

export const takesBytes = (sound: Sound) =>
  sound.operation.method !== 'GET' && sound.operation.method !== 'HEAD';

/** Takes any bytes whatever they call themselves, and says so by documenting no 415. */
export const isRaw = (sound: Sound) => sound.operation.responses['415'] === undefined;

export type Cases = (sound: Sound) => fc.Arbitrary<HostileCase> | null;
