import { DomainError } from '#platform';
import type { LicenseType } from '#sdk/formats';
import type { Interval } from '../events/words.js';
import { lookupKey, type PlanPrice, type PriceList } from './plan-price.js';

/** What somebody wants to have: a plan, how often it is paid, and how many seats. */
export interface Offer {
  plan: PlanPrice;
  interval: Interval;
  seats: number;
}

/** A line of a subscription: so many of a price. */
export interface OfferItem {
  lookupKey: string;
  quantity: number;
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

/** What Stripe is asked for: the plan, and the seats beyond those it gives. */
export function itemsOf(list: PriceList, { plan, interval, seats }: Offer): OfferItem[] {
  const base = lookupKey(list.code, plan.tier, 'base', interval);
  if (plan.isPerSeat) return [{ lookupKey: base, quantity: seats }];
  const extra = seats - (plan.seats.included ?? seats);
  return [
    { lookupKey: base, quantity: 1 },
    ...(extra > 0 ? [{ lookupKey: lookupKey(list.code, plan.tier, 'seat', interval), quantity: extra }] : []),
  ];
}

/** How the items of a subscription become others; what Stripe takes as `items` (docs.stripe.com/api/subscriptions/update). */
export type ItemChange = { id?: string; price?: string; quantity?: number; deleted?: true };

/**
 * The changes from the items that are there to those that are wanted, by price; none when they are so already. The first
 * stays the first: its billing period goes on.
 */
export function itemChanges(
  has: readonly { id: string; priceId: string; quantity: number }[],
  wanted: readonly { priceId: string; quantity: number }[],
): ItemChange[] {
  const left = [...has];
  const take = (at: number) => (at < 0 ? undefined : left.splice(at, 1)[0]);
  const paired = wanted.map((one) => ({
    one,
    old: take(left.findIndex((item) => item.priceId === one.priceId)),
  }));
  const changes: ItemChange[] = [];
  for (const { one, old } of paired) {
    const item = old ?? left.shift();
    if (!item) changes.push({ price: one.priceId, quantity: one.quantity });
    else if (item.priceId !== one.priceId)
      changes.push({ id: item.id, price: one.priceId, quantity: one.quantity });
    else if (item.quantity !== one.quantity) changes.push({ id: item.id, quantity: one.quantity });
  }
  return [...changes, ...left.map(({ id }) => ({ id, deleted: true as const }))];
}
