import { readFileSync } from 'node:fs';
import { FILES } from '../../../../test/vectors/generate.js';
import { trustAnchors } from '../anchors.js';
import { nodeCrypto } from '../crypto/node-crypto.js';
import { webCrypto } from '../crypto/web-crypto.js';
import { ISSUER, leaseOf, Signer } from '../testing/signer.js';
import type { Claims } from './claims.js';
import { InvalidDocument } from './invalid-document.js';
import {
  encodeLease,
  type Lease,
  LEASE_MAX_LENGTH,
  leaseFromClaims,
  leaseLife,
  leaseToClaims,
  verifyLease,
} from './lease.js';
import type { Trust } from './signed-document.js';

interface Vectors {
  trust: { issuer: string; keys: { kid: string; x: string; use_from: string; use_until: string }[] };
  valid: { name: string; token: string; claims: Claims }[];
  invalid: { name: string; token: string; code: string }[];
}

const file = readFileSync(new URL('../../../../test/vectors/lease.json', import.meta.url), 'utf8');
const vectors = JSON.parse(file) as Vectors;
const trust = trustAnchors(
  vectors.trust.issuer,
  vectors.trust.keys.map((key) => ({
    kid: key.kid,
    x: key.x,
    useFrom: key.use_from,
    useUntil: key.use_until,
  })),
);

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof InvalidDocument ? error.code : error),
  );

describe('the vectors of leases', () => {
  it('are what the generator makes', () => {
    expect(vectors).toEqual(JSON.parse(JSON.stringify(FILES['lease.json'])));
  });

  describe.each([
    ['Node', nodeCrypto],
    ['browsers', webCrypto],
  ])('in %s', (_, { verify }) => {
    it.each(vectors.valid.map((one) => [one.name, one]))('takes %s', async (_, { token, claims }) => {
      expect(leaseToClaims(await verifyLease(token, trust, verify))).toEqual(claims);
    });

    it.each(vectors.invalid.map((one) => [one.name, one]))('refuses %s', async (_, { token, code }) => {
      expect(await codeOf(verifyLease(token, trust, verify))).toBe(code);
    });
  });
});

describe('a lease', () => {
  const signer = new Signer('1');
  const ours: Trust = { issuer: ISSUER, keys: [signer.key()] };
  const { verify } = nodeCrypto;
  const full = leaseOf({
    entitlements: [],
    seatBound: true,
    seatExpiresAt: Date.parse('2026-01-01T00:06:00.123Z'),
    quota: [{ meter: 'commands', remaining: 0, perDayAllowance: 10, resetsAt: null }],
    fallback: { plan: 'FREE', entitlements: ['a'], allowances: [{ meter: 'commands', perDay: 10 }] },
    nonce: '00'.repeat(16),
  });

  it.each([
    ['the plainest', leaseOf()],
    ['the fullest', full],
  ])('comes back as it was written: %s', async (_, lease) => {
    expect(await verifyLease(encodeLease(lease, signer), ours, verify)).toEqual(lease);
  });

  it('is fresh for a day and usable for seven more (S1-35, C2)', () => {
    expect(leaseLife(0)).toEqual({ freshUntil: 24 * 3600_000, usableUntil: 8 * 24 * 3600_000 });
    expect(leaseLife(1, 10, 0)).toEqual({ freshUntil: 11, usableUntil: 11 });
  });

  it('is not signed when clients would refuse it', () => {
    const bad: Partial<Lease>[] = [
      { revision: -1 },
      { device: 'laptop' },
      { usableUntil: 0 },
      { plan: '' },
      { seatBound: true },
    ];
    for (const told of bad) expect(() => encodeLease(leaseOf(told), signer)).toThrow(InvalidDocument);
    const entitlements = Array.from({ length: 256 }, (_, i) => `${i}`.padStart(100, 'x'));
    expect(() => encodeLease(leaseOf({ entitlements }), signer)).toThrow(`at most ${LEASE_MAX_LENGTH}`);
  });

  it('is refused when it is about something else', async () => {
    const token = encodeLease(full, signer);
    const check = (expected: object) => codeOf(verifyLease(token, ours, verify, expected));
    expect(await check({ device: full.device, licenseId: full.licenseId, nonce: full.nonce })).toBe('none');
    expect(await check({ device: 'cd'.repeat(32) })).toBe('WRONG_DEVICE');
    expect(await check({ licenseId: 'lic_2' })).toBe('WRONG_LICENSE');
    expect(await check({ nonce: '11'.repeat(16) })).toBe('WRONG_NONCE');
  });

  it('is refused under a compromised key, and under a key that is none', async () => {
    const token = encodeLease(leaseOf(), signer);
    const under = (told: object) =>
      codeOf(verifyLease(token, { issuer: ISSUER, keys: [signer.key(told)] }, verify));
    expect(await under({ compromised: true })).toBe('COMPROMISED_KEY');
    expect(await under({ publicKey: new Uint8Array(31) })).toBe('BAD_SIGNATURE');
  });

  it('reads no claim from a prototype', () => {
    const claims = JSON.parse(`{"__proto__": ${JSON.stringify(leaseToClaims(leaseOf()))}}`) as Claims;
    expect(() => leaseFromClaims(claims)).toThrow(InvalidDocument);
    expect(() => leaseFromClaims(Object.create(leaseToClaims(leaseOf())) as Claims)).toThrow(InvalidDocument);
  });
});
