import { fromBase64url, toBase64url } from './base64url.js';
import {
  asObject,
  bad,
  type Claims,
  readCount,
  readFlag,
  readInstant,
  readList,
  readNullable,
  readText,
  toInstant,
} from './claims.js';
import {
  openDocument,
  signDocument,
  type SigningKey,
  type Trust,
  type VerificationKey,
  type Verify,
} from './signed-document.js';

export const KEY_SET_TYP = 'license-keys+jwt';
/** In characters; a key takes 250. */
export const KEY_SET_MAX_LENGTH = 16_384;
const PUBLIC_KEY_BYTES = 32;

/** What the issuer says of its signing keys. Times are epoch milliseconds. */
export interface KeySet {
  issuer: string;
  /** Grows with every change; a lower or equal one is old news. */
  sequence: number;
  issuedAt: number;
  /** A key that is not named stays as it was. */
  keys: readonly VerificationKey[];
}

/**
 * Signs a key set: `license-keys+jwt`. Sign it once with every key still in use: a client believes the copy whose
 * signer it knows. Throws InvalidDocument when clients would refuse it.
 */
export function encodeKeySet(set: KeySet, key: SigningKey): string {
  const claims: Claims = {
    iss: set.issuer,
    sequence: set.sequence,
    issued_at: toInstant(set.issuedAt),
    keys: set.keys.map((one) => ({
      kid: one.kid,
      x: toBase64url(one.publicKey),
      use_from: toInstant(one.useFrom),
      use_until: one.useUntil === null ? null : toInstant(one.useUntil),
      compromised: one.compromised,
    })),
  };
  keySetFromClaims(claims);
  return signDocument(KEY_SET_TYP, claims, key, KEY_SET_MAX_LENGTH);
}

/** The key set in a token and the kid of its signer, which `trust` has to know. Throws InvalidDocument. */
export async function verifyKeySet(
  token: string,
  trust: Trust,
  verify: Verify,
): Promise<{ set: KeySet; signer: string }> {
  const { claims, key } = await openDocument(KEY_SET_TYP, token, trust, verify, KEY_SET_MAX_LENGTH);
  return { set: keySetFromClaims(claims), signer: key.kid };
}

function keySetFromClaims(claims: Claims): KeySet {
  const set: KeySet = {
    issuer: readText(claims, 'iss'),
    sequence: readCount(claims, 'sequence'),
    issuedAt: readInstant(claims, 'issued_at'),
    keys: readList(claims, 'keys', 64, readKey),
  };
  if (new Set(set.keys.map((one) => one.kid)).size !== set.keys.length) throw bad('keys', 'one entry a kid');
  return set;
}

function readKey(item: unknown): VerificationKey {
  const claims = asObject(item, 'key');
  const publicKey = fromBase64url(readText(claims, 'x', 64));
  if (publicKey?.length !== PUBLIC_KEY_BYTES) throw bad('x', '32 bytes in base64url');
  return {
    kid: readText(claims, 'kid', 128),
    publicKey,
    useFrom: readInstant(claims, 'use_from'),
    useUntil: readNullable(claims, 'use_until', readInstant),
    compromised: readFlag(claims, 'compromised'),
  };
}
