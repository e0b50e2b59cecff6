import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { idFromBytes, idToBytes, keyedHash } from '#platform';

const SECRET_BYTES = 32;
/** Letters and digits only: a double click takes all of it, and no form or shell changes it. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^86 is just above 2^512: tenant, key and secret, 64 bytes. */
const BODY_LENGTH = 86;
/** 62^6 is above 2^32. */
const CHECKSUM_LENGTH = 6;
const TEXT = /^gh_key_(?:live|test)_([0-9A-Za-z]{86})([0-9A-Za-z]{6})$/;

export const API_KEY_PREFIX = 'gh_key_';

/** An API key taken apart: where it is found, and 256 random bits. */
export interface ApiKeyParts {
  tenantId: string;
  keyId: string;
  secret: Buffer;
}

export const newApiKey = (tenantId: string, keyId: string): ApiKeyParts => ({
  tenantId,
  keyId,
  secret: randomBytes(SECRET_BYTES),
});

/** What is stored: full entropy needs no slow hash. */
export const hashOfApiKey = (pepper: Buffer, { tenantId, keyId, secret }: ApiKeyParts): Buffer =>
  keyedHash(pepper, 'api-key', tenantId, keyId, secret);

/**
 * `gh_key_live_` or `gh_key_test_`, 86 characters of base 62, and as the last six the CRC-32 (IEEE 802.3) of all
 * before it in base 62: whoever searches texts for lost secrets tells a key from a lookalike without asking anybody.
 */
export function formatApiKey({ tenantId, keyId, secret }: ApiKeyParts, stage: 'live' | 'test'): string {
  const bytes = Buffer.concat([idToBytes(tenantId), idToBytes(keyId), secret]);
  const body = `${API_KEY_PREFIX}${stage}_${toBase62(BigInt(`0x${bytes.toString('hex')}`), BODY_LENGTH)}`;
  return body + checksumOf(body);
}

/** Null for what is not of the form, or mistyped; whether it is known, the database says. */
export function parseApiKey(text: string): ApiKeyParts | null {
  const [, body = '', checksum] = TEXT.exec(text) ?? [];
  if (!checksum || checksumOf(text.slice(0, -CHECKSUM_LENGTH)) !== checksum) return null;
  const number = fromBase62(body);
  // 62^86 has room for more than 64 bytes; those numbers spell nothing.
  if (number >> 512n) return null;
  const bytes = Buffer.from(number.toString(16).padStart(128, '0'), 'hex');
  return {
    tenantId: idFromBytes('ten', bytes.subarray(0, 16)),
    keyId: idFromBytes('key', bytes.subarray(16, 32)),
    secret: bytes.subarray(32),
  };
}

const checksumOf = (body: string) => toBase62(BigInt(crc32(body)), CHECKSUM_LENGTH);

function toBase62(number: bigint, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest /= 62n) text = ALPHABET[Number(rest % 62n)] + text;
  return text;
}

const fromBase62 = (text: string) =>
  [...text].reduce((number, character) => number * 62n + BigInt(ALPHABET.indexOf(character)), 0n);
