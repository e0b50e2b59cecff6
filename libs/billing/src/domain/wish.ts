import type { DomainError } from '#platform';
import type { LicenseType } from '#sdk/formats';
import type { Interval } from '../events/words.js';

/** What somebody wants a subscription to become; left out: as it is. */
export interface Wish {
  plan?: LicenseType;
  interval?: Interval;
  seats?: number;
}

/** What is bought. */
export interface Bought {
  plan: LicenseType;
  interval: Interval;
  /** null: as many as the plan gives. */
  seats: number | null;
}

/** Why a wish was not fulfilled, as whoever asked is told. */
export interface WishRefusal {
  kind: DomainError['kind'];
  code: string;
  message: string;
  details?: Record<string, unknown>;
  retryAfterSeconds?: number;
}

/** How all wishes up to one ended, that none before had ended. */
export interface WishOutcome {
  upTo: number;
  /** dropped: it was too old when Stripe could be asked again, or the subscription was cancelled after it. */
  status: 'done' | 'refused' | 'dropped';
  /** What was wanted by all of them together. */
  wanted: Wish;
  refusal: WishRefusal | null;
  /** ISO 8601. */
  at: string;
}

/** More than ever wait for theirs: each of them is many wishes. */
const KEPT = 20;

/** What two wishes come to, one after the other, where `known` is bought: another plan begins with the seats it gives. */
export function wishAfter(before: Wish | null, next: Wish, known: Bought): Wish {
  const { seats, ...kept } = before ?? {};
  const isOther = next.plan !== undefined && next.plan !== (before?.plan ?? known.plan);
  return { ...kept, ...(isOther || seats === undefined ? {} : { seats }), ...next };
}

/** What is bought once a wish is fulfilled. `seats` left out: as many as the plan gives. */
export function fulfilled(
  wish: Wish,
  has: Bought,
): { plan: LicenseType; interval: Interval; seats?: number } {
  const plan = wish.plan ?? has.plan;
  const seats = wish.seats ?? (plan === has.plan ? (has.seats ?? undefined) : undefined);
  return { plan, interval: wish.interval ?? has.interval, ...(seats === undefined ? {} : { seats }) };
}

/** How the wish of that generation ended; null: it is not decided. */
export const outcomeOf = (outcomes: readonly WishOutcome[], generation: number): WishOutcome | null =>
  outcomes.find((one) => one.upTo >= generation) ?? null;

/** With one more, and without those that nobody waits for any longer. */
export const withOutcome = (outcomes: readonly WishOutcome[], next: WishOutcome): WishOutcome[] =>
  [...outcomes, next].slice(-KEPT);
