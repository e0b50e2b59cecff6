import { createHash, createHmac, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { toBase64url } from '../formats/base64url.js';
import type { ClientCrypto } from './client-crypto.js';

/** Parsing a key costs more than a signature, and an issuer has a handful. */
const MAX_KEPT = 32;
const kept = new Map<string, KeyObject>();

/** node:crypto. */
export const nodeCrypto: ClientCrypto = {
  verify: (publicKey, message, signature) => {
    const key = publicKeyOf(publicKey);
    return key !== null && verify(null, message, key, signature);
  },
  sha256: async (message) => createHash('sha256').update(message).digest(),
  hmacSha256: async (key, message) => createHmac('sha256', key).update(message).digest(),
  randomBytes: (length) => randomBytes(length),
};

function publicKeyOf(raw: Uint8Array): KeyObject | null {
  const x = toBase64url(raw);
  const known = kept.get(x);
  if (known) return known;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return null;
  }
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(x, key);
  return key;
}
