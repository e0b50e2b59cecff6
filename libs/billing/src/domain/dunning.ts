import type { Access } from '../events/words.js';
import type { Reaction } from './taken-back.js';
import type { SubscriptionFacts } from './stripe-facts.js';

/** How long an unpaid invoice is borne, in ms, and what follows when what was paid is taken back. */
export interface DunningPolicy {
  /** Everything goes on. */
  graceMs: number;
  /** After that: what Free gives; then nothing. */
  restrictedMs: number;
  /** While a bank decides whether to take a payment back, or once it has. */
  onDispute: Reaction;
  /** Once all that was paid for the present period has been given back. */
  onRefund: Reaction;
}

/** The steps of not paying, in their order. */
export const STEPS = ['grace', 'restricted', 'suspended'] as const;
export type Step = (typeof STEPS)[number];

export const ACCESS_OF: Readonly<Record<Step, Access>> = {
  grace: 'full',
  restricted: 'free',
  suspended: 'none',
};

/** When what happens to who has not paid. Instants are ms since 1970. */
export interface Dunning {
  since: number;
  /** Stripe asks for the money no more: the grace is over, whatever was left of it. */
  isGivenUp: boolean;
  restrictsAt: number;
  suspendsAt: number;
}

const SECOND = 1_000;

/** Null: nothing is owed. */
export function dunningOf(one: SubscriptionFacts, policy: DunningPolicy): Dunning | null {
  const isGivenUp = one.status === 'unpaid' || isPausedUnpaid(one);
  if (one.status !== 'past_due' && !isGivenUp) return null;
  // Without an invoice to show for it: from the beginning of what is not paid for.
  const since = (one.unpaid?.since ?? one.periodStart) * SECOND;
  const graceEnd = since + policy.graceMs;
  if (!isGivenUp)
    return { since, isGivenUp, restrictsAt: graceEnd, suspendsAt: graceEnd + policy.restrictedMs };
  const gaveUp = gaveUpAt(one);
  // Where no card was there to try, nothing says when.
  if (gaveUp === null)
    return { since, isGivenUp, restrictsAt: since, suspendsAt: graceEnd + policy.restrictedMs };
  const restrictsAt = Math.min(graceEnd, Math.max(since, gaveUp));
  return { since, isGivenUp, restrictsAt, suspendsAt: restrictsAt + policy.restrictedMs };
}

export function stepAt({ isGivenUp, restrictsAt, suspendsAt }: Dunning, at: number): Step {
  if (at >= suspendsAt) return 'suspended';
  return isGivenUp || at >= restrictsAt ? 'restricted' : 'grace';
}

/** Another way of Stripe's to give up; with the invoice paid or taken back, it is a pause like others. */
const isPausedUnpaid = (one: SubscriptionFacts): boolean =>
  one.status === 'paused' && one.pausedReason === 'final_payment_failure' && one.unpaid !== null;

function gaveUpAt({ status, pausedAt, unpaid }: SubscriptionFacts): number | null {
  const seconds = status === 'paused' ? pausedAt : (unpaid?.lastTriedAt ?? null);
  return seconds === null ? null : seconds * SECOND;
}
