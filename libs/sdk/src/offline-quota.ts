import type { Lease } from './formats/lease.js';
import type { Terms } from './terms.js';

const DAY_MS = 86_400_000;
/** Use of days longer past than this is forgotten: a client that never comes back must not grow its file. */
const REMEMBERED_MS = 31 * DAY_MS;

/** What the server last said of a meter. Times are epoch ms by the server's clock. */
export interface MeterSeed {
  meter: string;
  /** When it was said. */
  at: number;
  /** Left until `resetsAt`; null: unlimited. */
  remaining: number | null;
  /** What each day after `resetsAt` gives; null: unlimited. */
  perDay: number | null;
  /** null: it never resets. */
  resetsAt: number | null;
}

/** Use that the server has not confirmed yet. */
export interface PendingUse {
  meter: string;
  amount: number;
  /** The end of the day it was used on; null: of a meter that never resets. */
  dayEnds: number | null;
  /** null: still growing. Set when it is first reported, and the same at every attempt. */
  idempotencyKey: string | null;
}

/**
 * The local counter of C44: seeded with the server's last remainder, filled up by each offline day's allowance and never
 * by more, settled on contact. A value, kept in the sealed cache: whoever can restore an old copy of the whole machine
 * can spend a day again, and only the next contact notices.
 */
export interface UsageLedger {
  seeds: readonly MeterSeed[];
  pending: readonly PendingUse[];
}

export const EMPTY_LEDGER: UsageLedger = { seeds: [], pending: [] };

export interface Spending {
  allowed: boolean;
  /** After it, on this day; null: unlimited. */
  remaining: number | null;
  /** When the next allowance comes; null: not by itself. */
  resetsAt: number | null;
  ledger: UsageLedger;
}

/**
 * Takes `amount` (a whole number, at least 1) of a meter, or nothing when less is left. `now` is LeaseState.now, which
 * never goes back; while the clock is tampered with do not ask. A meter that neither the server nor the terms name gives
 * nothing. `idempotencyKey`: of a report of this use that got no answer; a later one bears it again. Throws RangeError for
 * an amount that is no such number.
 */
export function spend(
  ledger: UsageLedger,
  terms: Terms,
  meter: string,
  amount: number,
  now: number,
  idempotencyKey: string | null = null,
): Spending {
  if (!Number.isSafeInteger(amount) || amount < 1)
    throw new RangeError(`${amount} is not a whole number from 1 up.`);
  const seed = ledger.seeds.find((one) => one.meter === meter) ?? seedOf(terms, meter, now);
  if (!seed) return { allowed: false, remaining: 0, resetsAt: null, ledger };

  const day = dayOf(seed, now);
  const limit = least(day.allowance, capOf(terms, meter));
  const used = unsettled(ledger, meter, day.starts);
  const left = limit === null ? null : Math.max(0, limit - used);
  const allowed = left === null || amount <= left;
  const remaining = allowed && left !== null ? left - amount : left;
  const after = allowed
    ? add(keepSeed(pruned(ledger, now), seed), { meter, amount, dayEnds: day.ends, idempotencyKey })
    : ledger;
  return { allowed, remaining, resetsAt: day.ends, ledger: after };
}

/** Takes over the remainders of a lease that leaseState has just taken. Older news than what is known is passed over. */
export function seedFromLease(ledger: UsageLedger, lease: Lease): UsageLedger {
  const isNamed = (meter: string) => lease.quota.some((one) => one.meter === meter);
  const kept = ledger.seeds.filter((one) => isNamed(one.meter) || one.at > lease.issuedAt);
  let seeded: UsageLedger = { ...ledger, seeds: kept };
  for (const { meter, remaining, perDayAllowance, resetsAt } of lease.quota) {
    seeded = seedWith(seeded, { meter, at: lease.issuedAt, remaining, perDay: perDayAllowance, resetsAt });
  }
  return seeded;
}

/**
 * Takes over what `/licenses/usage` answered, refusals included, at `now`. With the idempotency key of a report that use
 * is settled: the remainder already counts it.
 */
export function seedFromAnswer(
  ledger: UsageLedger,
  answer: { meter: string; remaining: number | null; resetsAt: number | null; idempotencyKey?: string },
  now: number,
): UsageLedger {
  const { meter, remaining, resetsAt, idempotencyKey } = answer;
  const settled = idempotencyKey === undefined ? ledger : settle(ledger, idempotencyKey);
  const perDay = ledger.seeds.find((one) => one.meter === meter)?.perDay ?? (remaining === null ? null : 0);
  return seedWith(settled, { meter, at: now, remaining, perDay, resetsAt });
}

/** Use with the key it is reported under. */
export interface ReportedUse extends PendingUse {
  idempotencyKey: string;
  /** Its day is over: posted as use of today, it would be counted against today. */
  isOver: boolean;
}

/**
 * What to report on contact. Store the ledger before sending, so that a retry bears the same key. What is of today goes
 * to `/licenses/usage` and is settled by seedFromAnswer; what is over had its day's allowance and only matters to
 * statistics: settle it.
 */
export function report(
  ledger: UsageLedger,
  now: number,
  newKey: () => string,
): { ledger: UsageLedger; uses: readonly ReportedUse[] } {
  const pending = ledger.pending.map((one) => ({ ...one, idempotencyKey: one.idempotencyKey ?? newKey() }));
  const uses = pending.map((one) => ({ ...one, isOver: one.dayEnds !== null && one.dayEnds <= now }));
  return { ledger: { ...ledger, pending }, uses };
}

/** Forgets a reported use that no remainder has to count. */
export const settle = (ledger: UsageLedger, idempotencyKey: string): UsageLedger => ({
  ...ledger,
  pending: ledger.pending.filter((one) => one.idempotencyKey !== idempotencyKey),
});

/** The seed of a meter that only the terms know: Free of a client that never had a lease, by UTC days. */
function seedOf(terms: Terms, meter: string, now: number): MeterSeed | null {
  const allowance = terms.allowances?.find((one) => one.meter === meter);
  if (!allowance) return null;
  const { perDay } = allowance;
  return { meter, at: now, remaining: perDay, perDay, resetsAt: (Math.floor(now / DAY_MS) + 1) * DAY_MS };
}

/** The day that `now` is on. The server's own days may have 23 or 25 hours; offline each has 24 from the last reset on. */
function dayOf(
  seed: MeterSeed,
  now: number,
): { starts: number; ends: number | null; allowance: number | null } {
  const { resetsAt } = seed;
  if (resetsAt === null || now < resetsAt)
    return { starts: seed.at, ends: resetsAt, allowance: seed.remaining };
  const starts = resetsAt + Math.floor((now - resetsAt) / DAY_MS) * DAY_MS;
  return { starts, ends: starts + DAY_MS, allowance: seed.perDay };
}

function capOf(terms: Terms, meter: string): number | null {
  if (terms.allowances === null) return null;
  const allowance = terms.allowances.find((one) => one.meter === meter);
  return allowance ? allowance.perDay : 0;
}

const least = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b));

/** What was used on the day that starts then and is in no remainder yet. */
const unsettled = (ledger: UsageLedger, meter: string, dayStarts: number) =>
  ledger.pending
    .filter((one) => one.meter === meter && (one.dayEnds === null || one.dayEnds > dayStarts))
    .reduce((sum, one) => sum + one.amount, 0);

function add(ledger: UsageLedger, use: PendingUse): UsageLedger {
  const open =
    use.idempotencyKey === null &&
    ledger.pending.find(
      (one) => one.idempotencyKey === null && one.meter === use.meter && one.dayEnds === use.dayEnds,
    );
  const grown = { ...use, amount: use.amount + (open ? open.amount : 0) };
  return { ...ledger, pending: [...ledger.pending.filter((one) => one !== open), grown] };
}

const pruned = (ledger: UsageLedger, now: number): UsageLedger => ({
  ...ledger,
  pending: ledger.pending.filter((one) => one.dayEnds === null || one.dayEnds > now - REMEMBERED_MS),
});

const keepSeed = (ledger: UsageLedger, seed: MeterSeed): UsageLedger =>
  ledger.seeds.includes(seed) ? ledger : { ...ledger, seeds: [...ledger.seeds, seed] };

function seedWith(ledger: UsageLedger, seed: MeterSeed): UsageLedger {
  const known = ledger.seeds.find((one) => one.meter === seed.meter);
  if (known && known.at > seed.at) return ledger;
  return { ...ledger, seeds: [...ledger.seeds.filter((one) => one !== known), seed] };
}
