import { isAlive } from './project.js';
import type { ItemFacts, SubscriptionFacts } from './stripe-facts.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Stripe takes what happened in the past 35 days (docs.stripe.com/api/billing/meter-event/create); an hour less, in ms. */
const PAST_MS = 35 * DAY_MS - HOUR_MS;
/** And up to five minutes ahead; a minute less. */
const AHEAD_MS = 4 * 60_000;
/** Stripe knows an identifier again for at least 24 hours (same page); an hour less. */
const KNOWN_MS = 23 * HOUR_MS;
/** What was sent is counted a while later; by then it is, in ms. */
const COUNTED_MS = HOUR_MS;

/**
 * What Stripe hears of a period within an hour after it is billed with it
 * (docs.stripe.com/billing/subscriptions/usage-based/configure-grace-period); half of it.
 */
const HEARD_MS = HOUR_MS / 2;

/** A use on its way to Stripe. */
export interface Shipment {
  usedAt: Date;
  /** Of the first attempt whose outcome nobody knows; null: nothing was sent that may have been counted. */
  sentAt: Date | null;
}

/**
 * What is to be done with it. `send`: also once more, for Stripe knows it again. `compare`: with what Stripe has counted.
 * `wait`: until one of the others is right. `too_old`: Stripe takes it no more.
 */
export function stepOf({ usedAt, sentAt }: Shipment, now: Date): 'send' | 'compare' | 'wait' | 'too_old' {
  const at = now.getTime();
  const isOld = usedAt < tooOldAt(now);
  if (sentAt && at - sentAt.getTime() > KNOWN_MS) return 'compare';
  if (isOld && !sentAt) return 'too_old';
  if (isOld) return isCounted(sentAt!, now) ? 'compare' : 'wait';
  return usedAt.getTime() - at > AHEAD_MS ? 'wait' : 'send';
}

/** What was used before, Stripe takes no more. */
export const tooOldAt = (now: Date): Date => new Date(now.getTime() - PAST_MS);

/** Of a subscription that may bill a use. */
export type BillingPeriod = Pick<SubscriptionFacts, 'status' | 'created' | 'periodStart' | 'trialEnd'> & {
  items: readonly Pick<ItemFacts, 'meter' | 'periodEnd'>[];
};

type Used = Pick<Shipment, 'usedAt'> & { meter: string };

const billsOf =
  (meter: string) =>
  (item: Pick<ItemFacts, 'meter'>): boolean =>
    item.meter === meter;

/** The subscription that bills it, also where that is cancelled for later. */
const billedBy = ({ meter }: Used, subscriptions: readonly BillingPeriod[]): BillingPeriod | undefined =>
  subscriptions.find(({ status, items }) => isAlive(status) && items.some(billsOf(meter)));

/** Whether Stripe bills nothing of it, and a contract that ends then covers it. */
export const isByContract = (
  use: Used,
  subscriptions: readonly BillingPeriod[],
  contractEndsAt: string | null,
): boolean =>
  contractEndsAt !== null &&
  use.usedAt.getTime() < Date.parse(contractEndsAt) &&
  !billedBy(use, subscriptions);

/**
 * The time under which Stripe is told of a use for the first time. In a period that is invoiced already nobody would ever
 * pay for it: then it is of now. What was used in a trial or before the subscription stays there, for it was free.
 */
export function toldAs(use: Used, subscriptions: readonly BillingPeriod[], now: Date): Date {
  const { usedAt, meter } = use;
  const one = billedBy(use, subscriptions);
  if (!one) return usedAt;
  const end = one.items.find(billsOf(meter))!.periodEnd * 1_000;
  // What is known of it may be of before it was renewed.
  const turn = end <= now.getTime() ? end : one.periodStart * 1_000;
  const isLate = usedAt.getTime() < turn && now.getTime() - turn > HEARD_MS;
  const isFree = usedAt.getTime() < Math.max(one.created, one.trialEnd ?? 0) * 1_000;
  return isLate && !isFree ? now : usedAt;
}

/** A use that goes on by itself no more. */
export interface StuckUse extends Shipment {
  /** failed: Stripe has said that it counts nothing of it. parked: nobody knows, or it was never sent. */
  status: 'failed' | 'parked';
}

/**
 * How the failure of a use begins that Stripe may have left uncounted with others: it says of a few which they were. Stripe
 * may know its identifier, so it is sent again under another one.
 */
export const REPORTED = 'UNCLEAR REPORT';

/**
 * What sending it again needs. `anew`: another identifier, for Stripe may know the one before. `again`: nothing, it was never
 * sent. `ask`: that Stripe's sum does not have it. `too_old`: Stripe takes it no more.
 */
export function retryOf(
  { usedAt, sentAt, status }: StuckUse,
  now: Date,
): 'anew' | 'again' | 'ask' | 'too_old' {
  if (usedAt < tooOldAt(now)) return 'too_old';
  if (status === 'failed') return 'anew';
  return sentAt ? 'ask' : 'again';
}

/** Whether Stripe's sums have what it got then. */
export const isCounted = (sentAt: Date, now: Date): boolean => now.getTime() - sentAt.getTime() > COUNTED_MS;

export const MINUTE_MS = 60_000;

/** The minute of UTC that it is in; Stripe's sums go by them. */
export const minuteOf = (at: Date): Date => new Date(Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS);

/** What Stripe and we have of one customer, meter and minute: sums, and the amounts whose outcome nobody knows. */
export interface Minute {
  counted: number;
  shipped: number;
  unknown: readonly number[];
}

/** Which of the unknown ones Stripe has counted; `unclear`: some, or something that is none of ours. */
export function countedOf({ counted, shipped, unknown }: Minute): 'all' | 'none' | 'unclear' {
  if (counted === shipped) return 'none';
  return counted === shipped + unknown.reduce((sum, one) => sum + one, 0) ? 'all' : 'unclear';
}

/** What a meter's events are called at Stripe: like everything there, after the product. */
export const meterEventName = (code: string, meter: string): string => `${code}_${meter}`;
