import type { LicenseType } from '#sdk/formats';
import { type Access, type Interval, INTERVALS, type State } from '../events/words.js';
import { partOf, type PlanPrice, type PriceList } from './plan-price.js';
import { NOTHING, type Standing } from './standing.js';
import type { ItemFacts, StripeFacts, SubscriptionFacts } from './stripe-facts.js';

/** How long an unpaid invoice is borne, in ms. */
export interface DunningPolicy {
  /** Everything goes on. */
  graceMs: number;
  /** After that: what Free gives; then nothing. */
  restrictedMs: number;
}

/** Stripe's own customer.subscription.trial_will_end comes three days before, too. */
const TRIAL_ENDING_MS = 3 * 86_400_000;
const SECOND = 1_000;

/** From the one that counts most: of several that are alive the tenant has what this order says. */
const ALIVE = ['active', 'trialing', 'past_due', 'paused', 'unpaid', 'incomplete'] as const;

/**
 * Where the customer stands at `now`, by what Stripe has of it. Pure: the same look, prices, policy and moment give the
 * same, whichever event led here, however often and in whatever order.
 */
export function project(stripe: StripeFacts, prices: PriceList, policy: DunningPolicy, now: Date): Standing {
  const at = stripe.clockAt === null ? now.getTime() : stripe.clockAt * SECOND;
  const alive = stripe.subscriptions
    .filter((one) => rankOf(one) >= 0)
    .sort((a, b) => rankOf(a) - rankOf(b) || b.created - a.created || (a.id < b.id ? -1 : 1));
  const [main, ...others] = alive;
  const standing = main ? ofSubscription(main, prices, policy, at) : ofNobody(stripe);
  return {
    ...standing,
    duplicates: others.filter((one) => one.status !== 'incomplete').map((one) => one.id),
    // A test clock does not run by itself: Stripe tells when it has moved.
    dueAt: stripe.clockAt === null ? standing.dueAt : null,
  };
}

/** Whether a subscription in this status may give or owe something. */
export const isAlive = (status: string): boolean => (ALIVE as readonly string[]).includes(status);

const rankOf = (one: SubscriptionFacts): number => (ALIVE as readonly string[]).indexOf(one.status);

/** Nothing is alive: never was, or is over. */
function ofNobody({ subscriptions }: StripeFacts): Standing {
  const last = subscriptions
    .filter((one) => one.status === 'canceled')
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))[0];
  if (!last) return NOTHING;
  const endsAt = last.endedAt === null ? null : last.endedAt * SECOND;
  return { ...NOTHING, state: 'cancelled', subscriptionId: last.id, endsAt };
}

function ofSubscription(
  one: SubscriptionFacts,
  prices: PriceList,
  policy: DunningPolicy,
  at: number,
): Standing {
  const bought = boughtBy(one.items, prices);
  const { state, reasons, access } = stateOf(one, policy, at);
  const times = timesOf(one, policy);
  const problems = bought ? [] : ['unknown_price'];
  const standing = {
    ...NOTHING,
    ...times,
    state,
    reasons: [...reasons, ...problems],
    // What nobody here sells gives nothing.
    access: bought || access === 'none' ? access : ('free' as const),
    plan: bought?.plan ?? 'FREE',
    interval: bought?.interval ?? null,
    seats: bought?.seats ?? null,
    subscriptionId: one.id,
    isTrialEnding: state === 'trial' && times.trialEnd !== null && at >= times.trialEnd - TRIAL_ENDING_MS,
  } satisfies Standing;
  return { ...standing, offlineUntil: offlineUntil(standing), dueAt: nextAfter(standing, at) };
}

/** Which plan, how often, and how many seats the items of a subscription are; null: none of ours. */
function boughtBy(
  items: readonly ItemFacts[],
  prices: PriceList,
): { plan: LicenseType; interval: Interval; seats: number | null } | null {
  const read = items.flatMap((item) => {
    const part = readItem(item, prices);
    return part ? [{ ...part, quantity: item.quantity }] : [];
  });
  const base = read.find(({ part, plan }) => part === 'base' && plan.kind === 'sold');
  if (!base) return null;
  const { plan, interval, quantity } = base;
  const extra = read
    .filter((one) => one.part === 'seat' && one.plan.tier === plan.tier)
    .reduce((sum, one) => sum + one.quantity, 0);
  const included = plan.seats.included;
  const seats = plan.isPerSeat ? quantity : included === null ? null : included * quantity + extra;
  return { plan: plan.tier, interval, seats };
}

/** By its lookup key; a price that has lost it to a newer one says itself what it was. */
function readItem(
  item: ItemFacts,
  prices: PriceList,
): { plan: PlanPrice; part: string; interval: Interval } | null {
  const named = item.lookupKey === null ? null : partOf(prices, item.lookupKey);
  if (named) return named;
  const plan = prices.plans.find((one) => one.tier === item.plan);
  const interval = INTERVALS.find((one) => one === item.interval);
  return plan && interval && item.part ? { plan, part: item.part, interval } : null;
}

interface StateAndAccess {
  state: State;
  reasons: readonly string[];
  access: Access;
}

function stateOf(one: SubscriptionFacts, policy: DunningPolicy, at: number): StateAndAccess {
  const is = (state: State, access: Access, reasons: readonly string[] = []) => ({ state, access, reasons });
  switch (one.status) {
    case 'incomplete':
      return is('pending', 'free');
    case 'paused':
      return is('paused', 'free', [one.pausedReason ?? 'unknown']);
    case 'past_due':
    case 'unpaid':
      return dunning(one, policy, at);
    default:
      break;
  }
  // docs.stripe.com/billing/subscriptions/pause-payment: `void` is for a service that is not provided meanwhile.
  if (one.pausedCollection !== null) {
    return is('paused', one.pausedCollection === 'void' ? 'free' : 'full', [
      `collection_${one.pausedCollection}`,
    ]);
  }
  if (one.cancelAt !== null) return is('ending', 'full');
  return is(one.status === 'trialing' ? 'trial' : 'active', 'full');
}

/** `unpaid`: Stripe has given up asking, so the grace is over, whatever is left of it. */
function dunning(one: SubscriptionFacts, policy: DunningPolicy, at: number): StateAndAccess {
  const since = sinceOf(one);
  const grace = one.status === 'unpaid' ? since : since + policy.graceMs;
  if (at < grace) return { state: 'grace', access: 'full', reasons: [] };
  if (at < since + policy.graceMs + policy.restrictedMs)
    return { state: 'restricted', access: 'free', reasons: [] };
  return { state: 'suspended', access: 'none', reasons: [] };
}

/** Without an invoice to show for it: from the beginning of what is not paid for. */
const sinceOf = (one: SubscriptionFacts): number => (one.unpaid?.since ?? one.periodStart) * SECOND;

function timesOf(one: SubscriptionFacts, { graceMs, restrictedMs }: DunningPolicy) {
  const ms = (seconds: number | null) => (seconds === null ? null : seconds * SECOND);
  const isUnpaid = one.status === 'past_due' || one.status === 'unpaid';
  const since = sinceOf(one);
  const periodEnd = one.items.length === 0 ? null : Math.min(...one.items.map((item) => item.periodEnd));
  return {
    periodEnd: ms(periodEnd),
    trialEnd: one.status === 'trialing' ? ms(one.trialEnd) : null,
    endsAt: ms(one.cancelAt),
    unpaid:
      isUnpaid && one.unpaid
        ? {
            invoiceId: one.unpaid.invoiceId,
            since,
            amountDue: one.unpaid.amountDue,
            currency: one.unpaid.currency,
          }
        : null,
    restrictsAt: isUnpaid ? since + graceMs : null,
    suspendsAt: isUnpaid ? since + graceMs + restrictedMs : null,
  };
}

/** Nobody takes a plan offline beyond the day on which it may end. */
function offlineUntil({ access, state, trialEnd, endsAt, restrictsAt }: Standing): number | null {
  if (access !== 'full') return null;
  if (state === 'ending') return endsAt;
  if (state === 'trial') return trialEnd;
  return state === 'grace' ? restrictsAt : null;
}

function nextAfter(standing: Standing, at: number): number | null {
  const { trialEnd, endsAt, restrictsAt, suspendsAt } = standing;
  const soon = trialEnd === null ? null : trialEnd - TRIAL_ENDING_MS;
  const ahead = [soon, trialEnd, endsAt, restrictsAt, suspendsAt].filter(
    (one): one is number => one !== null && one > at,
  );
  return ahead.length === 0 ? null : Math.min(...ahead);
}
