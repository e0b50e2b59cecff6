import { DomainError } from '#platform';
import type { LicenseType } from '#sdk/formats';
import type { Interval } from '../events/words.js';
import { lookupKey, type Part, partOf, type PlanPrice, type PriceList } from './plan-price.js';
import { readItem } from './project.js';
import type { ItemFacts } from './stripe-facts.js';

/** What somebody wants to have: a plan, how often it is paid, and how many seats. */
export interface Offer {
  plan: PlanPrice;
  interval: Interval;
  seats: number;
}

/** A line of a subscription: so many of a price. */
export interface OfferItem {
  lookupKey: string;
  /** null: Stripe counts what is used. */
  quantity: number | null;
}

/**
 * The offer, if it is one. `seats` left out: as many as the plan gives. Throws 422 `PLAN_NOT_SOLD` or
 * `SEATS_OUT_OF_BOUNDS`.
 */
export function offerOf(
  list: PriceList,
  wanted: { plan: LicenseType; interval: Interval; seats?: number },
): Offer {
  const plan = list.plans.find((one) => one.tier === wanted.plan);
  if (plan?.kind !== 'sold') {
    throw new DomainError('invalid', 'PLAN_NOT_SOLD', 'This plan cannot be bought here.', {
      details: { plans: list.plans.filter((one) => one.kind === 'sold').map((one) => one.tier) },
    });
  }
  const { min, max } = plan.seats;
  const seats = wanted.seats ?? min;
  if (seats < min || (max !== null && seats > max)) {
    throw new DomainError('invalid', 'SEATS_OUT_OF_BOUNDS', 'The plan cannot have so many seats.', {
      details: { min, max },
    });
  }
  return { plan, interval: wanted.interval, seats };
}

/** What Stripe is asked for: the plan, the seats beyond those it gives, and what uses cost. */
export function itemsOf(list: PriceList, { plan, interval, seats }: Offer): OfferItem[] {
  const key = (part: Part, meter?: string) => lookupKey(list.code, plan.tier, part, interval, meter);
  const extra = plan.isPerSeat ? 0 : seats - (plan.seats.included ?? seats);
  return [
    { lookupKey: key('base'), quantity: plan.isPerSeat ? seats : 1 },
    ...(extra > 0 ? [{ lookupKey: key('seat'), quantity: extra }] : []),
    ...plan.usage.map(({ meter }) => ({ lookupKey: key('use', meter), quantity: null })),
  ];
}

/**
 * Whether a line bills the uses of this plan and interval: whoever has both keeps it as it is, also where the plan bills
 * uses at another price by now, or at none, or did not when they took it.
 */
export function isKeptUse(list: PriceList, item: ItemFacts, { plan, interval }: Offer): boolean {
  const there = readItem(item, list);
  return there?.part === 'use' && there.plan.tier === plan.tier && there.interval === interval;
}

/**
 * The price by which a line that is wanted is there already, null: there is none. Who has a part of a plan for an interval
 * keeps what it cost them, also when it is sold for more by now: other seats are no new purchase.
 */
export function keptPrice(list: PriceList, has: readonly ItemFacts[], wanted: OfferItem): string | null {
  const sought = partOf(list, wanted.lookupKey);
  if (!sought) return null;
  const kept = has.find((item) => {
    const there = readItem(item, list);
    return (
      there?.plan.tier === sought.plan.tier &&
      there.part === sought.part &&
      there.meter === sought.meter &&
      there.interval === sought.interval
    );
  });
  return kept?.priceId ?? null;
}

/** How the items of a subscription become others; what Stripe takes as `items` (docs.stripe.com/api/subscriptions/update). */
export type ItemChange = { id?: string; price?: string; quantity?: number; deleted?: true };

/** A line that is there, or is wanted; `quantity` null: Stripe counts what is used. */
interface PricedItem {
  priceId: string;
  quantity: number | null;
}

/**
 * The changes from the items that are there to those that are wanted, by price; none when they are so already. The first
 * stays the first: its billing period goes on. What bills uses takes the place of nothing else.
 */
export function itemChanges(
  has: readonly (PricedItem & { id: string })[],
  wanted: readonly PricedItem[],
): ItemChange[] {
  const left = [...has];
  const take = (at: number) => (at < 0 ? undefined : left.splice(at, 1)[0]);
  const paired = wanted.map((one) => ({
    one,
    old: take(left.findIndex((item) => item.priceId === one.priceId)),
  }));
  const changes: ItemChange[] = [];
  for (const { one, old } of paired) {
    const isCounted = one.quantity === null;
    const item = old ?? take(left.findIndex(({ quantity }) => (quantity === null) === isCounted));
    const quantity = one.quantity === null ? {} : { quantity: one.quantity };
    if (!item) changes.push({ price: one.priceId, ...quantity });
    else if (item.priceId !== one.priceId) changes.push({ id: item.id, price: one.priceId, ...quantity });
    else if (item.quantity !== one.quantity) changes.push({ id: item.id, ...quantity });
  }
  return [...changes, ...left.map(({ id }) => ({ id, deleted: true as const }))];
}
