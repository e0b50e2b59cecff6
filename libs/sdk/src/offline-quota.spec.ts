import fc from '../../../test/support/properties.js';
import {
  EMPTY_LEDGER,
  report,
  seedFromAnswer,
  seedFromLease,
  settle,
  spend,
  type UsageLedger,
} from './offline-quota.js';
import { FREE, type Terms } from './terms.js';
import { leaseOf } from './testing/signer.js';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const noon = Date.parse('2026-03-01T12:00:00Z');
const midnight = noon + 12 * HOUR;
const OWN: Terms = { plan: 'FREE', entitlements: [], allowances: null };

const leaseWith = (remaining: number | null, perDayAllowance: number | null, told = {}) =>
  leaseOf({
    issuedAt: noon,
    quota: [{ meter: 'commands', remaining, perDayAllowance, resetsAt: midnight }],
    ...told,
  });
const seeded = (remaining: number | null, perDay: number | null = 10) =>
  seedFromLease(EMPTY_LEDGER, leaseWith(remaining, perDay));

/** Takes one at a time until refused; how many were given, at most `most`. */
function drain(ledger: UsageLedger, now: number, terms: Terms = OWN, most = 50): [number, UsageLedger] {
  for (let given = 0; given < most; given++) {
    const { allowed, ledger: after } = spend(ledger, terms, 'commands', 1, now);
    if (!allowed) return [given, ledger];
    ledger = after;
  }
  return [most, ledger];
}
const keys = () => {
  let last = 0;
  return () => `key-${++last}`;
};

describe('the offline quota (C44)', () => {
  it('begins with what the server had left', () => {
    expect(drain(seeded(7), noon)[0]).toBe(7);
    expect(drain(seeded(0), noon)[0]).toBe(0);
    const two = spend(seeded(7), OWN, 'commands', 2, noon);
    expect(two).toMatchObject({ allowed: true, remaining: 5, resetsAt: midnight });
  });

  it('gives each later day its allowance and carries nothing over', () => {
    let [given, ledger] = drain(seeded(3), midnight - 1);
    expect(given).toBe(3);
    [given, ledger] = drain(ledger, midnight);
    expect(given).toBe(10);
    [given, ledger] = drain(ledger, midnight + DAY - 1);
    expect(given).toBe(0);
    [given, ledger] = drain(ledger, midnight + 3 * DAY);
    expect(given).toBe(10);
    expect(spend(ledger, OWN, 'commands', 1, midnight + 3 * DAY)).toMatchObject({
      allowed: false,
      remaining: 0,
      resetsAt: midnight + 4 * DAY,
    });
  });

  it('never gives more than the remainder and an allowance a day, however it is asked', () => {
    const asked = fc.record({ hours: fc.nat(20), amount: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 60 }), (all) => {
        let ledger = seeded(4);
        let now = noon;
        const perDay = new Map<number, number>();
        for (const { hours, amount } of all) {
          now += hours * HOUR;
          const spent = spend(ledger, OWN, 'commands', amount, now);
          ledger = spent.ledger;
          const day = Math.floor((now - midnight) / DAY);
          if (spent.allowed) perDay.set(day, (perDay.get(day) ?? 0) + amount);
        }
        for (const [day, used] of perDay) expect(used).toBeLessThanOrEqual(day < 0 ? 4 : 10);
      }),
    );
  });

  it('takes all of an amount or nothing', () => {
    const spent = spend(seeded(3), OWN, 'commands', 4, noon);
    expect(spent).toMatchObject({ allowed: false, remaining: 3 });
    expect(drain(spent.ledger, noon)[0]).toBe(3);
  });

  it('knows no end where there is none', () => {
    expect(spend(seeded(null, null), OWN, 'commands', 1e9, noon)).toMatchObject({
      allowed: true,
      remaining: null,
    });
    expect(spend(seeded(null, null), OWN, 'commands', 1, midnight + 9 * DAY)).toMatchObject({
      allowed: true,
    });
  });

  it('keeps a meter that never resets at its remainder', () => {
    const quota = [{ meter: 'commands', remaining: 2, perDayAllowance: 10, resetsAt: null }];
    const [given, ledger] = drain(seedFromLease(EMPTY_LEDGER, leaseOf({ issuedAt: noon, quota })), noon);
    expect(given).toBe(2);
    expect(spend(ledger, OWN, 'commands', 1, noon + 99 * DAY)).toMatchObject({
      allowed: false,
      resetsAt: null,
    });
  });

  it('gives nothing of a meter that nobody named', () => {
    expect(spend(seeded(3), OWN, 'exports', 1, noon)).toMatchObject({ allowed: false, remaining: 0 });
  });

  it.each([0, -1, 0.5, Number.NaN, Infinity])('refuses the amount %p', (amount) => {
    expect(() => spend(seeded(3), OWN, 'commands', amount, noon)).toThrow(RangeError);
  });
});

describe('a client that has fallen to Free', () => {
  it('gets the allowance of Free, though its lease had no limit', () => {
    const [given, ledger] = drain(seeded(null, null), midnight + 8 * DAY, FREE);
    expect(given).toBe(10);
    expect(drain(ledger, midnight + 9 * DAY, FREE)[0]).toBe(10);
  });

  it('gets no more of its last day than was left of it', () => {
    expect(drain(seeded(2), noon, FREE)[0]).toBe(2);
  });

  it('gets nothing of what Free does not name', () => {
    const quota = [{ meter: 'exports', remaining: 5, perDayAllowance: 5, resetsAt: midnight }];
    const ledger = seedFromLease(EMPTY_LEDGER, leaseOf({ issuedAt: noon, quota }));
    expect(spend(ledger, FREE, 'exports', 1, noon).allowed).toBe(false);
  });

  it('without any lease gets it by UTC days', () => {
    const [given, ledger] = drain(EMPTY_LEDGER, noon, FREE);
    expect(given).toBe(10);
    expect(drain(ledger, midnight - 1, FREE)[0]).toBe(0);
    expect(drain(ledger, midnight, FREE)[0]).toBe(10);
  });
});

describe('on contact', () => {
  it('what was used and not reported counts against the new remainder', () => {
    const [, used] = drain(seeded(7), noon, OWN, 4);
    const again = seedFromLease(used, leaseWith(7, 10, { issuedAt: noon + HOUR }));
    expect(drain(again, noon + HOUR)[0]).toBe(3);
  });

  it('what was used on a day that is over does not', () => {
    const [, used] = drain(seeded(7), noon);
    const quota = [{ meter: 'commands', remaining: 10, perDayAllowance: 10, resetsAt: midnight + DAY }];
    const again = seedFromLease(used, leaseOf({ issuedAt: midnight + HOUR, quota }));
    expect(drain(again, midnight + HOUR)[0]).toBe(10);
  });

  it('a report is settled by the answer that counts it', () => {
    const [, used] = drain(seeded(7), noon, OWN, 4);
    const { ledger, uses } = report(used, noon, keys());
    expect(uses).toEqual([
      { meter: 'commands', amount: 4, dayEnds: midnight, idempotencyKey: 'key-1', isOver: false },
    ]);
    // Other programs used 1 meanwhile.
    const answer = { meter: 'commands', remaining: 2, resetsAt: midnight, idempotencyKey: 'key-1' };
    const settled = seedFromAnswer(ledger, answer, noon + 1);
    expect(settled.pending).toEqual([]);
    expect(drain(settled, noon + 2)[0]).toBe(2);
    expect(drain(settled, midnight)[0]).toBe(10);
  });

  it('a report is sent again under its key, and what came since under another', () => {
    const newKey = keys();
    const first = report(drain(seeded(7), noon, OWN, 2)[1], noon, newKey);
    const second = report(drain(first.ledger, noon, OWN, 3)[1], noon, newKey);
    expect(second.uses.map(({ amount, idempotencyKey }) => [amount, idempotencyKey])).toEqual([
      [2, 'key-1'],
      [3, 'key-2'],
    ]);
    expect(drain(second.ledger, noon)[0]).toBe(2);
  });

  it('days that are over are told apart and can be settled', () => {
    const [, used] = drain(seeded(7), noon, OWN, 2);
    const { ledger, uses } = report(drain(used, midnight, OWN, 1)[1], midnight, keys());
    expect(uses.map(({ amount, isOver }) => [amount, isOver])).toEqual([
      [2, true],
      [1, false],
    ]);
    expect(settle(ledger, 'key-1').pending.map((one) => one.amount)).toEqual([1]);
  });

  it('older news changes nothing', () => {
    const later = seedFromAnswer(
      seeded(7),
      { meter: 'commands', remaining: 1, resetsAt: midnight },
      noon + 2,
    );
    expect(seedFromLease(later, leaseWith(7, 10, { issuedAt: noon + 1 }))).toEqual(later);
  });

  it('a meter the licence no longer has is gone', () => {
    const again = seedFromLease(seeded(7), leaseOf({ issuedAt: noon + 1 }));
    expect(spend(again, OWN, 'commands', 1, noon + 1).allowed).toBe(false);
  });

  it('a meter only an answer named gets no allowance of its own', () => {
    const told = seedFromAnswer(EMPTY_LEDGER, { meter: 'commands', remaining: 1, resetsAt: midnight }, noon);
    expect(drain(told, noon)[0]).toBe(1);
    expect(drain(told, midnight)[0]).toBe(0);
  });

  it('a client that never comes back keeps a month of days', () => {
    let ledger = seeded(7);
    for (let day = 0; day < 100; day++)
      ledger = spend(ledger, OWN, 'commands', 1, midnight + day * DAY).ledger;
    expect(ledger.pending.length).toBeLessThanOrEqual(32);
  });
});
