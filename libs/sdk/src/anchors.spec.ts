import { type KeyTrust, learnKeys, trustAnchors } from './anchors.js';
import { nodeCrypto } from './crypto/node-crypto.js';
import { InvalidDocument } from './formats/invalid-document.js';
import { encodeKeySet } from './formats/key-set.js';
import { encodeLease, verifyLease } from './formats/lease.js';
import type { SigningKey, VerificationKey } from './formats/signed-document.js';
import { ISSUER, leaseOf, Signer } from './testing/signer.js';

const { verify } = nodeCrypto;
const DAY = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const [k1, k2, k3, thief] = ['k1', 'k2', 'k3', 'thief'].map((kid) => new Signer(kid)) as [
  Signer,
  Signer,
  Signer,
  Signer,
];

/** A key set of a day of 2026, which is its sequence as well unless told. */
const set = (day: number, signer: SigningKey, keys: VerificationKey[], sequence = day) =>
  encodeKeySet({ issuer: ISSUER, sequence, issuedAt: start + day * DAY, keys }, signer);
const shipped = trustAnchors(ISSUER, [k1.anchor]);
const learn = async (documents: string[], trust: KeyTrust = shipped) =>
  (await learnKeys(trust, documents, verify)).trust;
const refusals = async (documents: string[], trust: KeyTrust = shipped) =>
  (await learnKeys(trust, documents, verify)).refused.map((one) => one.code);

/** What becomes of a lease that this key signs on a day: the code of its refusal, or `good`. */
const lease = (signer: Signer, trust: KeyTrust, day = 1) =>
  verifyLease(encodeLease(leaseOf({ issuedAt: start + day * DAY }), signer), trust, verify).then(
    () => 'good',
    (error: unknown) => (error instanceof InvalidDocument ? error.code : error),
  );

describe('keys are learned', () => {
  it('when an anchor signs for them, and not before', async () => {
    expect(await lease(k1, shipped)).toBe('good');
    expect(await lease(k2, shipped)).toBe('UNKNOWN_KEY');
    expect(await lease(k2, await learn([set(1, k1, [k1.key(), k2.key()])]))).toBe('good');
  });

  it('along a chain, in whatever order it comes', async () => {
    const chain = [set(1, k1, [k2.key()]), set(2, k2, [k3.key()])];
    for (const documents of [chain, chain.toReversed()]) {
      expect(await lease(k3, await learn(documents))).toBe('good');
    }
    expect(await refusals(chain.slice(1))).toEqual(['UNKNOWN_KEY']);
  });

  it('again from the documents alone, after a restart', async () => {
    const trust = await learn([
      set(1, k1, [k2.key()]),
      set(2, k2, [k1.key({ compromised: true }), k3.key()]),
    ]);
    expect(await learn([...trust.documents])).toEqual(trust);
  });

  it('from no stranger, and from nobody who brings his key along', async () => {
    const forged = set(1, { kid: 'k1', sign: thief.sign }, [thief.key()]);
    expect(await refusals([forged, set(1, thief, [thief.key()])])).toEqual(['BAD_SIGNATURE', 'UNKNOWN_KEY']);
  });

  it('from no other issuer and no lease', async () => {
    const other = encodeKeySet(
      { issuer: 'https://other', sequence: 1, issuedAt: start, keys: [k2.key()] },
      k1,
    );
    expect(await refusals([other, encodeLease(leaseOf(), k1), 'x'])).toEqual([
      'WRONG_ISSUER',
      'WRONG_TYPE',
      'MALFORMED',
    ]);
  });

  it('and an older set undoes nothing', async () => {
    const newer = set(5, k1, [k2.key({ useUntil: start + 5 * DAY })]);
    const older = set(4, k1, [k2.key(), k3.key()]);
    const asOld = set(6, k1, [k2.key(), k3.key()], 5);
    const trust = await learn([newer, older, asOld]);
    expect(await lease(k2, trust, 6)).toBe('KEY_OUT_OF_TIME');
    expect(await lease(k3, trust)).toBe('UNKNOWN_KEY');
    expect(trust.documents).toEqual([newer]);
  });

  it('and a kid never changes its key', async () => {
    expect(await refusals([set(1, k1, [thief.key({ kid: 'k1' })])])).toEqual(['BAD_CLAIM']);
  });

  it('and the trust they are added to stays as it was', async () => {
    await learn([set(1, k1, [k2.key()])]);
    expect(shipped.keys.map((key) => key.kid)).toEqual(['k1']);
  });

  it('only from anchors that are keys', () => {
    expect(() => trustAnchors(ISSUER, [{ kid: 'a', x: 'AAAA' }])).toThrow(TypeError);
    expect(() => trustAnchors(ISSUER, [k1.anchor, k1.anchor])).toThrow(TypeError);
    expect(() => trustAnchors(ISSUER, [{ ...k1.anchor, useFrom: 'soon' }])).toThrow(TypeError);
  });
});

describe('keys overlap', () => {
  const trust = learn([
    set(1, k1, [k1.key({ useUntil: start + 10 * DAY }), k2.key({ useFrom: start + 5 * DAY })]),
  ]);

  it('and both sign while they do', async () => {
    expect(await lease(k1, await trust, 7)).toBe('good');
    expect(await lease(k2, await trust, 7)).toBe('good');
  });

  it('the old one to its last instant, the new one from its first; what they signed stays good', async () => {
    expect(await lease(k1, await trust, 10)).toBe('good');
    expect(await lease(k1, await trust, 11)).toBe('KEY_OUT_OF_TIME');
    expect(await lease(k2, await trust, 5)).toBe('good');
    expect(await lease(k2, await trust, 4)).toBe('KEY_OUT_OF_TIME');
  });

  it('and an old one teaches nothing after its time', async () => {
    expect(await refusals([set(11, k1, [k3.key()])], await trust)).toEqual(['KEY_OUT_OF_TIME']);
    expect(await lease(k3, await learn([set(9, k1, [k3.key()])], await trust))).toBe('good');
  });
});

describe('a compromised key', () => {
  const bad = k1.key({ compromised: true });

  it('is believed no more, whenever it signed, and for ever', async () => {
    const trust = await learn([set(1, k1, [k2.key()]), set(2, k2, [bad])]);
    expect(await lease(k1, trust, 0)).toBe('COMPROMISED_KEY');
    const pardoned = await learn([set(3, k2, [k1.key()])], trust);
    expect(await lease(k1, pardoned)).toBe('COMPROMISED_KEY');
    expect(await refusals([set(4, k1, [k3.key()])], pardoned)).toEqual(['COMPROMISED_KEY']);
  });

  it('takes along what only it brought, but not whom the warning names', async () => {
    const before = await learn([set(1, k1, [k2.key(), k3.key(), thief.key()])]);
    expect(await lease(thief, before)).toBe('good');
    const after = await learn([set(2, k2, [bad, k3.key()])], before);
    expect(await lease(k2, after)).toBe('good');
    expect(await lease(k3, after)).toBe('good');
    expect(await lease(thief, after)).toBe('UNKNOWN_KEY');
  });

  it('takes along the heirs of its heirs', async () => {
    const heir = new Signer('heir');
    const before = await learn([set(1, k1, [k2.key(), thief.key()]), set(2, thief, [heir.key()])]);
    expect(await lease(heir, before)).toBe('good');
    expect(await lease(heir, await learn([set(3, k2, [bad])], before))).toBe('UNKNOWN_KEY');
  });

  it('cannot outbid the warning with a higher sequence', async () => {
    const before = await learn([set(1, k1, [k2.key()]), set(2, k1, [thief.key()], 1e15)]);
    const after = await learn([set(3, k2, [bad, k3.key()])], before);
    expect(await lease(k1, after)).toBe('COMPROMISED_KEY');
    expect(await lease(thief, after)).toBe('UNKNOWN_KEY');
    expect(await lease(k3, after)).toBe('good');
  });

  it('may report itself, and says nothing else then', async () => {
    const before = await learn([set(1, k1, [k2.key()])], trustAnchors(ISSUER, [k1.anchor, k3.anchor]));
    const after = await learn([set(2, k1, [bad, thief.key(), k3.key({ compromised: true })], 1e15)], before);
    expect(await lease(k1, after)).toBe('COMPROMISED_KEY');
    expect(await lease(thief, after)).toBe('UNKNOWN_KEY');
    expect(await lease(k3, after)).toBe('good');
    expect(await lease(k2, await learn([set(3, k3, [k2.key()])], after))).toBe('good');
  });

  it('stays one when another is reported', async () => {
    const trust = await learn([
      set(1, k1, [k2.key(), k3.key()]),
      set(2, k3, [bad]),
      set(3, k3, [k2.key({ compromised: true })]),
    ]);
    expect(await lease(k1, trust)).toBe('COMPROMISED_KEY');
    expect(await lease(k2, trust)).toBe('COMPROMISED_KEY');
    expect(await lease(k3, trust)).toBe('good');
  });

  it('is known as such before it was ever believed', async () => {
    const warned = await learn([set(2, k1, [k2.key({ compromised: true })])]);
    expect(await lease(k2, await learn([set(3, k1, [k2.key()])], warned))).toBe('COMPROMISED_KEY');
  });

  it('is ended by a release that names it, with all it ever taught', async () => {
    const { documents } = await learn([set(1, k1, [thief.key(), k2.key({ compromised: true })])]);
    const released = trustAnchors(ISSUER, [{ ...k1.anchor, compromised: true }, k2.anchor]);
    const trust = await learn([...documents], released);
    expect(await lease(thief, trust)).toBe('UNKNOWN_KEY');
    expect(await lease(k1, trust)).toBe('COMPROMISED_KEY');
    expect(await lease(k2, trust)).toBe('good');
  });
});
