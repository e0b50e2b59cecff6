import { newId } from '#platform';
import { aLicense } from '../testing/licenses.js';
import { termsOf } from '../testing/policies.js';
import { License } from './license.js';
import { OVERRIDES_MAX } from './terms.js';

const DAY = 86_400_000;
const NOW = new Date('2026-01-01T00:00:00Z');
const LATER = new Date('2026-03-01T00:00:00Z');
const days = (count: number, from = NOW) => new Date(from.getTime() + count * DAY);

/** The names of what was recorded, in short. */
const told = (license: License) =>
  license.takeEvents().map(({ name }) => name.replace('licensing.license.', ''));
const code = (code: string) => expect.objectContaining({ code });

describe('a new licence', () => {
  it('begins at once and ends when its days are over', () => {
    expect(aLicense({ durationDays: 30 })).toMatchObject({
      startedAt: NOW,
      expiresAt: days(30),
      status: 'active',
    });
    expect(aLicense()).toMatchObject({ startedAt: NOW, expiresAt: null });
  });

  it('waits with its term where the terms say so, but not with what never ends', () => {
    const waiting = { expiryBasis: 'first_activation', durationDays: 30 } as const;
    expect(aLicense(waiting)).toMatchObject({ startedAt: null, expiresAt: null });
    expect(aLicense({ ...waiting, durationDays: null })).toMatchObject({ startedAt: NOW });
  });

  it('ends when it was said to, whatever the terms say; null is never', () => {
    expect(aLicense({ durationDays: 30 }, NOW, { expiresAt: LATER }).expiresAt).toEqual(LATER);
    expect(aLicense({ durationDays: 30 }, NOW, { expiresAt: null }).expiresAt).toBeNull();
  });

  it('shares the suspension of its tenant', () => {
    const license = aLicense({}, NOW, { tenantStatus: { suspended: true, revision: 4 } });
    expect(license).toMatchObject({ status: 'active', tenantSuspended: true, tenantRevision: 4 });
    license.followTenant({ suspended: false, revision: 4 }, LATER);
    expect(license.tenantSuspended).toBe(true);
    license.followTenant({ suspended: false, revision: 5 }, LATER);
    expect(license.tenantSuspended).toBe(false);
  });
});

describe('a licence of somebody whose address is not proved', () => {
  const holder = newId('usr');

  it('waits for their proof, and nobody else’s, once', () => {
    const license = aLicense({}, NOW, { issuedTo: holder, isHolderProved: false });
    told(license);
    expect(license.proveHolder(newId('usr'), NOW)).toBe(false);
    expect([license.unprovedHolder, told(license)]).toEqual([holder, []]);
    expect(license.proveHolder(holder, NOW)).toBe(true);
    expect([license.unprovedHolder, told(license)]).toEqual([null, ['changed']]);
    expect(license.proveHolder(holder, NOW)).toBe(false);
  });

  it('is not what others have: of who is proved, and of an operator', () => {
    for (const init of [{ issuedTo: holder, isHolderProved: true }, { issuedTo: null }])
      expect(aLicense({}, NOW, init).unprovedHolder).toBeNull();
  });
});

describe('the term of a licence', () => {
  const waiting = { expiryBasis: 'first_validation', durationDays: 10 } as const;

  it('begins once', () => {
    const license = aLicense(waiting);
    expect(license.begin(termsOf(waiting), LATER)).toBe(true);
    expect(license).toMatchObject({ startedAt: LATER, expiresAt: days(10, LATER) });
    expect(told(license)).toEqual(['started', 'changed']);
    expect(license.begin(termsOf(waiting), days(5, LATER))).toBe(false);
    expect(license.expiresAt).toEqual(days(10, LATER));
    expect(told(license)).toEqual([]);
  });

  it('keeps an end that was given it, and does not begin after the licence has ended', () => {
    const fixed = aLicense(waiting, NOW, { expiresAt: LATER });
    fixed.begin(termsOf(waiting), days(1));
    expect(fixed.expiresAt).toEqual(LATER);
    const revoked = aLicense(waiting);
    revoked.revoke('fraud', NOW);
    expect(revoked.begin(termsOf(waiting), LATER)).toBe(false);
  });

  it.each([
    ['expiry', 20, days(60)],
    ['now', 20, days(50)],
    ['now_if_expired', 20, days(60)],
    ['expiry', 40, days(60)],
    ['now', 40, days(70)],
    ['now_if_expired', 40, days(70)],
  ] as const)('is renewed from %p on day %d until %p', (renewalBasis, day, end) => {
    const license = aLicense({ durationDays: 30 });
    license.renew({}, termsOf({ durationDays: 30, renewalBasis }), days(day));
    expect(license.expiresAt).toEqual(end);
    expect(told(license)).toEqual(['renewed', 'changed']);
  });

  it('is renewed for other days, or until a date', () => {
    const license = aLicense({ durationDays: 30 });
    license.renew({ days: 1 }, termsOf({ durationDays: 30 }), NOW);
    expect(license.expiresAt).toEqual(days(31));
    license.renew({ until: LATER }, termsOf(), NOW);
    expect(license.expiresAt).toEqual(LATER);
  });

  it('is not renewed without a duration, before it began, or into the past', () => {
    expect(() => aLicense().renew({}, termsOf(), NOW)).toThrow(code('LICENSE_WITHOUT_TERM'));
    expect(() => aLicense(waiting).renew({}, termsOf(waiting), NOW)).toThrow(code('LICENSE_NOT_STARTED'));
    expect(() => aLicense().renew({ until: NOW }, termsOf(), NOW)).toThrow(code('EXPIRY_PASSED'));
  });
});

describe('the status of a licence', () => {
  it('is suspended and reinstated, with time and reason', () => {
    const license = aLicense();
    license.suspend('unpaid', LATER);
    expect(license).toMatchObject({ status: 'suspended', statusAt: LATER, statusReason: 'unpaid' });
    expect(() => license.suspend('again', LATER)).toThrow(code('LICENSE_ALREADY_SUSPENDED'));
    license.reinstate('paid', LATER);
    expect(license).toMatchObject({ status: 'active', statusReason: 'paid' });
    expect(() => license.reinstate('again', LATER)).toThrow(code('LICENSE_NOT_SUSPENDED'));
    expect(told(license)).toEqual(['suspended', 'changed', 'reinstated', 'changed']);
  });

  it('is revoked from either, for good', () => {
    const suspended = aLicense();
    suspended.suspend('unpaid', NOW);
    suspended.revoke('fraud', LATER);
    expect(suspended).toMatchObject({ status: 'revoked', statusAt: LATER, statusReason: 'fraud' });
  });

  const ended = [
    ['revoked', (license: License) => license.revoke('fraud', NOW)],
    ['transferred', (license: License) => license.transfer(aLicense(), 'sold', NOW)],
  ] as const;
  const verbs: [string, (license: License) => void][] = [
    ['suspend', (license) => license.suspend('x', NOW)],
    ['reinstate', (license) => license.reinstate('x', NOW)],
    ['revoke', (license) => license.revoke('x', NOW)],
    ['transfer', (license) => license.transfer(aLicense(), 'x', NOW)],
    ['renew', (license) => license.renew({ days: 1 }, termsOf(), NOW)],
    ['changePlan', (license) => license.changePlan('TEAM', termsOf(), NOW)],
    ['changePolicy', (license) => license.changePolicy({ id: newId('pol'), productId: 'p' }, termsOf(), NOW)],
    ['override', (license) => license.override({ terms: { seats: 9 }, expiresAt: null, reason: '' }, NOW)],
    ['clearOverride', (license) => license.clearOverride(undefined, NOW)],
    ['checkIn', (license) => license.checkIn(termsOf({ checkInDays: 7 }), NOW)],
    ['assign', (license) => license.assign(newId('usr'), NOW)],
  ];
  it.each(ended.flatMap(([how, end]) => verbs.map(([verb, act]) => [how, verb, end, act] as const)))(
    'once it is %s, refuses to %s',
    (_how, _verb, end, act) => {
      const license = aLicense();
      end(license);
      license.takeEvents();
      expect(() => act(license)).toThrow(code('LICENSE_ENDED'));
      expect(told(license)).toEqual([]);
    },
  );
});

describe('a licence that is transferred', () => {
  it('leaves its term, check-in and suspension to the other, and each says where the other is', () => {
    const old = aLicense({ durationDays: 30, checkInDays: 7 });
    old.checkIn(termsOf({ checkInDays: 7 }), days(1));
    old.suspend('unpaid', days(2));
    old.takeEvents();
    const fresh = aLicense({ durationDays: 365 }, LATER);
    old.transfer(fresh, 'sold', LATER);

    expect(old).toMatchObject({ status: 'transferred', statusReason: 'sold', transferredTo: fresh.id });
    expect(fresh).toMatchObject({
      status: 'suspended',
      statusReason: 'unpaid',
      startedAt: NOW,
      expiresAt: days(30),
      checkedInAt: days(1),
      transferredFrom: old.id,
    });
    expect(told(old)).toEqual(['transferred', 'changed']);
    expect(fresh.takeEvents()).toMatchObject([
      { payload: { licenseId: fresh.id, direction: 'in', otherLicenseId: old.id } },
    ]);
  });
});

describe('the terms of a licence', () => {
  it('come from another plan or policy; the same one is refused', () => {
    const license = aLicense();
    license.changePlan('TEAM', termsOf(), LATER);
    expect(license.tier).toBe('TEAM');
    expect(() => license.changePlan('TEAM', termsOf(), LATER)).toThrow(code('LICENSE_UNCHANGED'));
    const policy = { id: newId('pol'), productId: newId('prod') };
    license.changePolicy(policy, termsOf(), LATER);
    expect(license).toMatchObject({ policyId: policy.id, productId: policy.productId });
    expect(() => license.changePolicy(policy, termsOf(), LATER)).toThrow(code('LICENSE_UNCHANGED'));
    license.changePolicy(null, termsOf(), LATER);
    expect(license).toMatchObject({ policyId: null, productId: policy.productId });
    expect(() => license.changePolicy(null, termsOf(), LATER)).toThrow(code('LICENSE_UNCHANGED'));
  });

  it('begin to count when the new ones know no first use to wait for (it would never have ended)', () => {
    const license = aLicense({ expiryBasis: 'first_activation', durationDays: 30 });
    license.changePlan('TEAM', termsOf({ durationDays: 10 }), LATER);
    expect(license).toMatchObject({ startedAt: LATER, expiresAt: days(10, LATER) });
  });

  it('are overridden for good or for a while, twenty times at most; ended ones make room', () => {
    const license = aLicense();
    const add = (expiresAt: Date | null, now = NOW) =>
      license.override({ terms: { seats: 9 }, expiresAt: expiresAt?.toISOString() ?? null, reason: '' }, now);
    for (let count = 0; count < OVERRIDES_MAX; count++) add(count === 0 ? LATER : null);
    expect(() => add(null)).toThrow(code('OVERRIDES_EXHAUSTED'));
    add(null, LATER);
    expect(license.overrides).toHaveLength(OVERRIDES_MAX);
    expect(() => add(NOW)).toThrow(code('EXPIRY_PASSED'));
    expect(() => license.override({ terms: {}, expiresAt: null, reason: '' }, NOW)).toThrow(
      code('OVERRIDE_EMPTY'),
    );
  });

  it('lose an override by its number, or all', () => {
    const license = aLicense();
    for (const seats of [1, 2, 3]) license.override({ terms: { seats }, expiresAt: null, reason: '' }, NOW);
    license.clearOverride(2, NOW);
    expect(license.overrides.map(({ terms }) => terms.seats)).toEqual([1, 3]);
    expect(() => license.clearOverride(3, NOW)).toThrow(code('NOT_FOUND'));
    license.clearOverride(undefined, NOW);
    expect(license.overrides).toEqual([]);
    expect(() => license.clearOverride(undefined, NOW)).toThrow(code('NOT_FOUND'));
  });

  it('decide whether a check-in makes sense', () => {
    const license = aLicense();
    expect(() => license.checkIn(termsOf(), NOW)).toThrow(code('CHECK_IN_NOT_NEEDED'));
    license.checkIn(termsOf({ checkInDays: 7 }), LATER);
    expect(license.checkedInAt).toEqual(LATER);
  });
});
