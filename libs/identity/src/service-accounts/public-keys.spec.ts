import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type SigningAlgorithm, signWith, thumbprintOf } from '../keys/algorithms.js';
import { JwksInput, verifiesWith } from './public-keys.js';

const BYTES = Buffer.from('e30.e30');
const PAIRS: Record<SigningAlgorithm, { privateKey: KeyObject; publicKey: KeyObject }> = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
const ALL = Object.entries(PAIRS) as [SigningAlgorithm, (typeof PAIRS)['RS256']][];
const jwk = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: 'jwk' }), ...more });
const registered = (...keys: object[]) => JwksInput.parse({ keys }).keys;
const faults = (...keys: object[]) => JwksInput.safeParse({ keys }).error?.issues.length ?? 0;

describe('public keys of service accounts', () => {
  it.each(ALL)('of %s verify what their private halves sign, under the one algorithm', (alg, pair) => {
    const keys = registered(jwk(pair.publicKey));
    const signature = signWith(alg, pair.privateKey, BYTES);
    expect(keys[0]).toMatchObject({ alg, kid: thumbprintOf(pair.publicKey) });
    expect(verifiesWith(keys, { alg }, BYTES, signature)).toBe(keys[0]);
    expect(verifiesWith(keys, { alg, kid: keys[0]!.kid }, BYTES, signature)).toBe(keys[0]);
    expect(verifiesWith(keys, { alg, kid: 'other' }, BYTES, signature)).toBeNull();
    expect(verifiesWith(keys, { alg }, Buffer.from('other'), signature)).toBeNull();
    for (const [other] of ALL.filter(([name]) => name !== alg))
      expect(verifiesWith(keys, { alg: other }, BYTES, signature)).toBeNull();
  });

  it('are named where there are several', () => {
    const keys = registered(
      ...ALL.map(([alg, { publicKey }]) => jwk(publicKey, { kid: `my ${alg}`.replace(' ', '-') })),
    );
    const signature = signWith('EdDSA', PAIRS.EdDSA.privateKey, BYTES);
    expect(verifiesWith(keys, { alg: 'EdDSA' }, BYTES, signature)).toBeNull();
    expect(verifiesWith(keys, { alg: 'EdDSA', kid: 'my-EdDSA' }, BYTES, signature)).toBe(keys[2]);
    expect(verifiesWith(keys, { alg: 'EdDSA', kid: 'my-RS256' }, BYTES, signature)).toBeNull();
  });

  it('are kept without what is not the key', () => {
    const [key] = registered(jwk(PAIRS.EdDSA.publicKey, { use: 'sig', alg: 'EdDSA' }));
    expect(Object.keys(key!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'x']);
    expect(createPublicKey({ key: { ...key }, format: 'jwk' }).equals(PAIRS.EdDSA.publicKey)).toBe(true);
  });

  it('are none when they are private, weak, of other kinds, twice the same or too many', () => {
    const { publicKey } = PAIRS.EdDSA;
    expect(faults(jwk(PAIRS.EdDSA.privateKey))).toBeGreaterThan(0);
    expect(faults(jwk(PAIRS.RS256.privateKey))).toBeGreaterThan(0);
    expect(faults(jwk(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey))).toBe(1);
    expect(faults(jwk(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey))).toBe(1);
    expect(faults(jwk(generateKeyPairSync('x25519').publicKey))).toBe(1);
    expect(faults({ kty: 'oct', k: 'c2VjcmV0' })).toBeGreaterThan(0);
    expect(faults(jwk(publicKey, { alg: 'RS256' }))).toBe(1);
    expect(faults(jwk(publicKey, { use: 'enc' }))).toBe(1);
    expect(faults(jwk(publicKey), jwk(publicKey))).toBe(1);
    const six = Array.from({ length: 6 }, (_, i) => jwk(publicKey, { kid: `key-${i}` }));
    expect(faults(...six)).toBe(1);
  });
});
