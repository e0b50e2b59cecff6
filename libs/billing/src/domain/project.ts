import type { LicenseType } from '#sdk/formats';
import { type Access, type Interval, INTERVALS, type State } from '../events/words.js';
import { ACCESS_OF, type Dunning, type DunningPolicy, dunningOf, stepAt } from './dunning.js';
import { isOurs } from './ours.js';
import { type PartOfPlan, partOf, type PriceList } from './plan-price.js';
import { NOTHING, type Standing, type StateAndAccess } from './standing.js';
import type { ItemFacts, StripeFacts, SubscriptionFacts } from './stripe-facts.js';
import { chargesOfOurs, takenBackOf, withheld } from './taken-back.js';

/** Stripe's own customer.subscription.trial_will_end comes three days before, too. */
const TRIAL_ENDING_MS = 3 * 86_400_000;
const SECOND = 1_000;

/** From the one that counts most: of several that are alive the tenant has what this order says. */
const ALIVE = ['active', 'trialing', 'past_due', 'paused', 'unpaid', 'incomplete'] as const;

/**
 * Where the customer stands at `now`, by what Stripe has of it. Pure: the same look, prices, policy and moment give the
 * same, whichever event led here, however often and in whatever order.
 */
export function project(seen: StripeFacts, prices: PriceList, policy: DunningPolicy, now: Date): Standing {
  const stripe = { ...seen, charges: chargesOfOurs(seen, prices) };
  const at = stripe.clockAt === null ? now.getTime() : stripe.clockAt * SECOND;
  const alive = stripe.subscriptions
    .filter((one) => rankOf(one) >= 0)
    .sort((a, b) => rankOf(a) - rankOf(b) || b.created - a.created || (a.id < b.id ? -1 : 1));
  const ours = alive.filter((one) => isOurs(one, prices));
  // What the account sells besides is none of ours: nothing follows from it.
  const main = ours.find((one) => boughtBy(one.items, prices) !== null) ?? ours[0];
  const standing = main ? ofSubscription(main, stripe, prices, policy, at) : ofNobody(stripe, prices);
  return {
    ...standing,
    takenBack: takenBackOf(stripe.charges),
    duplicates: ours.filter((one) => one !== main && one.status !== 'incomplete').map((one) => one.id),
    // A test clock does not run by itself: Stripe tells when it has moved.
    dueAt: stripe.clockAt === null ? standing.dueAt : null,
  };
}

/** Whether a subscription in this status may give or owe something. */
export const isAlive = (status: string): boolean => (ALIVE as readonly string[]).includes(status);

const rankOf = (one: SubscriptionFacts): number => (ALIVE as readonly string[]).indexOf(one.status);

/** Nothing is alive: never was, or is over. */
function ofNobody({ subscriptions }: StripeFacts, prices: PriceList): Standing {
  const last = subscriptions
    .filter((one) => one.status === 'canceled' && isOurs(one, prices))
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))[0];
  if (!last) return NOTHING;
  const endsAt = last.endedAt === null ? null : last.endedAt * SECOND;
  return { ...NOTHING, state: 'cancelled', subscriptionId: last.id, endsAt };
}

function ofSubscription(
  one: SubscriptionFacts,
  { charges }: StripeFacts,
  prices: PriceList,
  policy: DunningPolicy,
  at: number,
): Standing {
  const bought = boughtBy(one.items, prices);
  const owed = dunningOf(one, policy);
  const step = owed && stepAt(owed, at);
  const ofItself = step ? { state: step, access: ACCESS_OF[step], reasons: pauseOf(one) } : stateOf(one);
  const { state, reasons, access } = withheld(ofItself, one, charges, policy);
  const times = timesOf(one, owed);
  const problems = bought ? [] : ['unknown_price'];
  const standing = {
    ...NOTHING,
    ...times,
    state,
    reasons: [...reasons, ...problems],
    // A plan that nobody here sells any more gives nothing.
    access: bought || access === 'none' ? access : ('free' as const),
    plan: bought?.plan ?? 'FREE',
    interval: bought?.interval ?? null,
    seats: bought?.seats ?? null,
    subscriptionId: one.id,
    dunning: step,
    isTrialEnding: state === 'trial' && times.trialEnd !== null && at >= times.trialEnd - TRIAL_ENDING_MS,
  } satisfies Standing;
  return { ...standing, offlineUntil: offlineUntil(standing), dueAt: nextAfter(standing, at) };
}

/** Which plan, how often, and how many seats the items of a subscription are; null: none of ours. */
export function boughtBy(
  items: readonly ItemFacts[],
  prices: PriceList,
): { plan: LicenseType; interval: Interval; seats: number | null } | null {
  const read = items.flatMap((item) => {
    const part = readItem(item, prices);
    return part ? [{ ...part, quantity: item.quantity }] : [];
  });
  // Also of a plan that is sold no more, by contract alone or to nobody: who has it keeps it.
  const base = read.find(({ part }) => part === 'base');
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
export function readItem(
  item: ItemFacts,
  prices: PriceList,
): (Omit<PartOfPlan, 'part'> & { part: string }) | null {
  const named = item.lookupKey === null ? null : partOf(prices, item.lookupKey);
  if (named) return named;
  const plan = prices.plans.find((one) => one.tier === item.plan);
  const interval = INTERVALS.find((one) => one === item.interval);
  return plan && interval && item.part
    ? { plan, part: item.part, meter: item.meter ?? null, interval }
    : null;
}

function stateOf(one: SubscriptionFacts): StateAndAccess {
  const is = (state: State, access: Access, reasons: readonly string[] = []) => ({ state, access, reasons });
  if (one.status === 'incomplete') return is('pending', 'free');
  if (one.status === 'paused') return is('paused', 'free', pauseOf(one));
  // docs.stripe.com/billing/subscriptions/pause-payment: `void` is for a service that is not provided meanwhile.
  if (one.pausedCollection !== null) {
    return is('paused', one.pausedCollection === 'void' ? 'free' : 'full', [
      `collection_${one.pausedCollection}`,
    ]);
  }
  if (one.cancelAt !== null) return is('ending', 'full');
  return is(one.status === 'trialing' ? 'trial' : 'active', 'full');
}

const pauseOf = ({ status, pausedReason }: SubscriptionFacts): readonly string[] =>
  status === 'paused' ? [pausedReason ?? 'unknown'] : [];

function timesOf(one: SubscriptionFacts, owed: Dunning | null) {
  const ms = (seconds: number | null) => (seconds === null ? null : seconds * SECOND);
  const periodEnd = one.items.length === 0 ? null : Math.min(...one.items.map((item) => item.periodEnd));
  return {
    periodEnd: ms(periodEnd),
    trialEnd: one.status === 'trialing' ? ms(one.trialEnd) : null,
    endsAt: ms(one.cancelAt),
    endingSince: one.cancelAt === null ? null : ms(one.cancelledAt ?? null),
    pausedAt: ms(one.pausedAt),
    unpaid:
      owed && one.unpaid
        ? {
            invoiceId: one.unpaid.invoiceId,
            since: owed.since,
            amountDue: one.unpaid.amountDue,
            currency: one.unpaid.currency,
          }
        : null,
    restrictsAt: owed?.restrictsAt ?? null,
    suspendsAt: owed?.suspendsAt ?? null,
  };
}

/** Nobody takes a plan offline beyond the first day on which it may end. */
const offlineUntil = ({ access, trialEnd, endsAt, restrictsAt }: Standing): number | null =>
  access === 'full' ? earliest([trialEnd, endsAt, restrictsAt]) : null;

function earliest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((one) => one !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function nextAfter(standing: Standing, at: number): number | null {
  const { trialEnd, endsAt, restrictsAt, suspendsAt } = standing;
  const soon = trialEnd === null ? null : trialEnd - TRIAL_ENDING_MS;
  const ahead = (one: number | null) => one !== null && one > at;
  return earliest([soon, trialEnd, endsAt, restrictsAt, suspendsAt].filter(ahead));
}
