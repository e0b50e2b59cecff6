import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { PublicKey } from '../domain/public-key.js';
import { algorithmOf, ALGORITHMS, thumbprintOf, verifyWith } from '../keys/algorithms.js';

/** A change of keys needs two, a careful one four. */
const MAX_KEYS = 5;

const Kid = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters without spaces');
/** 4,096 bits of RSA in base64url; larger ones only cost time. */
const Part = z.string().regex(/^[\w-]{1,700}$/, 'must be base64url');

/** A public key as RFC 7517 writes it. A private one has more members, and none of them is taken. */
const Jwk = z
  .strictObject({
    kty: z.enum(['RSA', 'EC', 'OKP']),
    kid: Kid.optional(),
    alg: z.enum(ALGORITHMS).optional(),
    use: z.literal('sig').optional(),
    crv: z.enum(['P-256', 'Ed25519']).optional(),
    n: Part.optional(),
    e: z
      .string()
      .regex(/^[\w-]{1,8}$/)
      .optional(),
    x: Part.optional(),
    y: Part.optional(),
  })
  .meta({ example: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } });

/** Public keys of a service account, as RFC 7517 writes a set of them; a key without kid gets its thumbprint (RFC 7638). */
export const JwksInput = z.strictObject({
  keys: z
    .array(
      Jwk.transform((jwk, context): PublicKey => {
        const key = open(jwk);
        const alg = key && algorithmOf(key);
        if (key && alg && (jwk.alg ?? alg) === alg)
          return { ...partsOf(key), kid: jwk.kid ?? thumbprintOf(key), alg };
        context.addIssue(
          'must be a public RSA key of 2048 bits or more (RS256), a P-256 key (ES256) or an Ed25519 key (EdDSA)',
        );
        return z.NEVER;
      }),
    )
    .max(MAX_KEYS)
    .refine((keys) => new Set(keys.map((key) => key.kid)).size === keys.length, 'must not use a kid twice'),
});

/** As it is shown. */
export const JwkView = z.object({
  kty: z.string(),
  kid: z.string(),
  alg: z.string(),
  crv: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
});

/**
 * Whether one of these keys made the signature: the one that is named, or the only one. The key has the one algorithm
 * of its kind, and what the token says must be that.
 */
export function verifiesWith(
  keys: readonly PublicKey[],
  { alg, kid }: { alg: string; kid?: string },
  bytes: Buffer,
  signature: Buffer,
): PublicKey | null {
  const named =
    kid === undefined ? (keys.length === 1 ? keys[0] : undefined) : keys.find((key) => key.kid === kid);
  if (!named || named.alg !== alg) return null;
  const key = open(named);
  return key && verifyWith(named.alg, key, bytes, signature) ? named : null;
}

const partsOf = (key: KeyObject) => key.export({ format: 'jwk' }) as Omit<PublicKey, 'kid' | 'alg'>;

function open(jwk: object): KeyObject | null {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return null;
  }
}
