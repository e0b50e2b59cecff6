import { isOurs } from './ours.js';
import type { PriceList } from './plan-price.js';
import type { StateAndAccess } from './standing.js';
import type {
  ChargeFacts,
  ChargesSeen,
  DisputeFacts,
  StripeFacts,
  SubscriptionFacts,
} from './stripe-facts.js';

/** What access follows when what was paid is taken back. */
export const REACTIONS = ['keep', 'restrict', 'suspend'] as const;
export type Reaction = (typeof REACTIONS)[number];

/** What of a customer's payments was given back, or is asked back. Instants are ms since 1970. */
export interface TakenBack {
  refunds: readonly Refunded[];
  disputes: readonly Disputed[];
}

interface Refunded {
  chargeId: string;
  /** All that was given back of it so far, in minor units. */
  amount: number;
  currency: string;
}

export interface Disputed {
  id: string;
  /** As Stripe calls it: docs.stripe.com/api/disputes/object#dispute_object-status. */
  status: string;
  reason: string;
  amount: number;
  currency: string;
  respondBy: number | null;
  isOpen: boolean;
}

/** Nobody has more that matters still; the newest are kept. */
const KEPT = 20;
/** Seconds; what was looked at longer ago is looked at again with whatever comes: an event may have been lost. */
const STALE_SECONDS = 86_400;
const CLOSED: ReadonlySet<string> = new Set(['lost', 'won', 'prevented', 'warning_closed']);

export const isOpen = ({ status }: { status: string }): boolean => !CLOSED.has(status);

/** A bank's question, before any money is taken: docs.stripe.com/disputes/how-disputes-work#inquiries. */
export const isInquiry = ({ status }: { status: string }): boolean => status.startsWith('warning_');

/** Whether a look at a customer looks at the charges, too, which costs calls of Stripe. `now`: seconds. */
export function mustSeeCharges(known: ChargesSeen | null, now: number): boolean {
  if (!known || now - known.lookedAt >= STALE_SECONDS) return true;
  return known.list.some((one) => one.refunded > 0 || one.disputes.length > 0);
}

/** Of two looks at charges the later one: by its ticket, like everything that is looked at. */
export const laterOf = (one: ChargesSeen | null, other: ChargesSeen | null): ChargesSeen | null =>
  one && (!other || one.ticket >= other.ticket) ? one : other;

/**
 * What paid for something of ours; what the account at Stripe sells besides decides nothing here. What was taken back counts
 * once it is known to be ours, and what was not, until it is known not to be.
 */
export function chargesOfOurs(
  { charges, subscriptions }: Pick<StripeFacts, 'charges' | 'subscriptions'>,
  prices: PriceList,
): ChargesSeen | null {
  if (!charges) return null;
  const ours = new Set(subscriptions.filter((one) => isOurs(one, prices)).map((one) => one.id));
  const list = charges.list.filter(({ subscriptionId: paidFor, refunded, disputes }) =>
    paidFor === undefined ? refunded === 0 && disputes.length === 0 : paidFor !== null && ours.has(paidFor),
  );
  return { ...charges, list };
}

/** Null: nobody has looked. */
export function takenBackOf(charges: ChargesSeen | null): TakenBack | null {
  if (!charges) return null;
  const list = charges.list.toSorted((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1));
  return {
    refunds: list
      .filter((one) => one.refunded > 0)
      .map(({ id: chargeId, refunded: amount, currency }) => ({ chargeId, amount, currency }))
      .slice(0, KEPT),
    disputes: list.flatMap((one) => one.disputes.map(disputed)).slice(0, KEPT),
  };
}

function disputed({ respondBy, ...dispute }: DisputeFacts): Disputed {
  return {
    ...dispute,
    respondBy: respondBy === null ? null : respondBy * 1_000,
    isOpen: isOpen(dispute),
  };
}

/** Why something of what a subscription gives is withheld, and what is left of it by policy. */
export function withheld(
  base: StateAndAccess,
  one: SubscriptionFacts,
  charges: ChargesSeen | null,
  { onDispute, onRefund }: { onDispute: Reaction; onRefund: Reaction },
): StateAndAccess {
  const list = charges?.list ?? [];
  const found = [
    ...(isDisputed(list, one) ? [{ reason: 'disputed', reaction: onDispute }] : []),
    ...(isGivenBack(list, one) ? [{ reason: 'refunded', reaction: onRefund }] : []),
  ];
  const reasons = [...base.reasons, ...found.map(({ reason }) => reason)];
  const has = (reaction: Reaction) => found.some((one) => one.reaction === reaction);
  // Nothing was given yet.
  if (base.state === 'pending') return { ...base, reasons };
  if (has('suspend') && base.access !== 'none') return { state: 'suspended', access: 'none', reasons };
  if (has('restrict') && base.access === 'full') return { state: 'restricted', access: 'free', reasons };
  return { ...base, reasons };
}

/** A bank is about to take back a payment, whichever, or has taken back one for the present period. */
const isDisputed = (list: readonly ChargeFacts[], { periodStart }: SubscriptionFacts): boolean =>
  list.some(({ created, disputes }) =>
    disputes.some(
      (one) => (isOpen(one) && !isInquiry(one)) || (one.status === 'lost' && created >= periodStart),
    ),
  );

/** Something was paid since the period began, and all of it has been given back. */
function isGivenBack(list: readonly ChargeFacts[], { periodStart }: SubscriptionFacts): boolean {
  const paid = list.filter((one) => one.created >= periodStart);
  return paid.length > 0 && paid.every((one) => one.refunded >= one.amount);
}
