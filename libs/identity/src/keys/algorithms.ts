import {
  createHash,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  type SignKeyObjectInput,
  sign,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';

/** What access tokens can be signed with (C1). RS256 first: every verifier takes it. */
export const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof ALGORITHMS)[number];

/** RFC 7518, 3.3 asks for at least 2048 bits; more sign three times slower. */
const RSA_BITS = 2048;

const generate = promisify(generateKeyPair) as unknown as (
  type: string,
  options: object,
) => Promise<{ privateKey: KeyObject; publicKey: KeyObject }>;

/** A new pair, made outside of the event loop. */
export function generatePair(algorithm: SigningAlgorithm): ReturnType<typeof generate> {
  if (algorithm === 'RS256') return generate('rsa', { modulusLength: RSA_BITS });
  if (algorithm === 'ES256') return generate('ec', { namedCurve: 'P-256' });
  return generate('ed25519', {});
}

/** The one algorithm that a key is for; null for a key that signs no access tokens. */
export function algorithmOf(key: KeyObject): SigningAlgorithm | null {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= RSA_BITS ? 'RS256' : null;
  if (key.asymmetricKeyType === 'ec') return namedCurve === 'prime256v1' ? 'ES256' : null;
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : null;
}

/** JWS takes the two numbers of an ECDSA signature side by side (RFC 7518, 3.4), not the ASN.1 that is the default. */
const input = (algorithm: SigningAlgorithm, key: KeyObject): SignKeyObjectInput & VerifyKeyObjectInput =>
  algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : { key };
const digest = (algorithm: SigningAlgorithm) => (algorithm === 'EdDSA' ? null : 'sha256');

/** Synchronous: jose's WebCrypto waits in the thread pool behind password hashes. */
export const signWith = (algorithm: SigningAlgorithm, key: KeyObject, bytes: Buffer): Buffer =>
  sign(digest(algorithm), bytes, input(algorithm, key));

export const verifyWith = (
  algorithm: SigningAlgorithm,
  key: KeyObject,
  bytes: Buffer,
  signature: Buffer,
): boolean => verify(digest(algorithm), bytes, input(algorithm, key), signature);

/** RFC 7638: the key's own name. The members that the RFC wants, in the order it wants them. */
export function thumbprintOf(publicKey: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  const canonical = JSON.stringify({ crv, e, kty, n, x, y });
  return createHash('sha256').update(canonical).digest('base64url');
}

/** As RFC 7517 publishes it. */
export const jwkOf = (kid: string, algorithm: SigningAlgorithm, publicKey: KeyObject): JsonWebKey => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  use: 'sig',
  alg: algorithm,
});
