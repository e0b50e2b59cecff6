import type { LicenseType } from '#sdk/formats';
import { type Interval, INTERVALS } from '../events/words.js';

/** As Stripe calls them (docs.stripe.com/billing/subscriptions/prorations). */
export const PRORATIONS = ['create_prorations', 'always_invoice', 'none'] as const;
export type Proration = (typeof PRORATIONS)[number];

/** Minor units of the currency, by interval. */
export type Amounts = Readonly<Record<Interval, number>>;

/** What one plan costs, and how many seats it may have. */
export interface PlanPrice {
  tier: LicenseType;
  name: string;
  /** `free` and `custom` have no price at Stripe. */
  kind: 'free' | 'sold' | 'custom';
  /** Minor units; null: by contract. */
  amounts: Amounts | null;
  isPerSeat: boolean;
  extraSeat: Amounts | null;
  /** `included` and `max` null: as many as there are. */
  seats: { included: number | null; min: number; max: number | null };
  trialDays: number;
}

export interface PriceList {
  /** Of the product: what names at Stripe begin with. */
  code: string;
  productName: string;
  currency: string;
  proration: Proration;
  plans: readonly PlanPrice[];
}

/** What `seats` of a plan cost for one interval, before tax and coupons, in minor units; null: by contract. */
export function amountOf(plan: PlanPrice, interval: Interval, seats: number): number | null {
  const base = plan.amounts?.[interval];
  if (base === undefined) return null;
  if (plan.isPerSeat) return base * seats;
  return base + (plan.extraSeat?.[interval] ?? 0) * Math.max(0, seats - (plan.seats.included ?? seats));
}

/** A plan at Stripe: what its prices are called. The words of {@link partOf} read them back. */
export type Part = 'base' | 'seat';

/** Like gatehouse_team_month; gatehouse_team_seat_month for a seat beyond those of the plan. */
export const lookupKey = (code: string, tier: LicenseType, part: Part, interval: Interval): string =>
  [code, tier.toLowerCase(), ...(part === 'seat' ? ['seat'] : []), interval].join('_');

/** What a lookup key is of; null: none of ours. */
export function partOf(
  list: PriceList,
  key: string,
): { plan: PlanPrice; part: Part; interval: Interval } | null {
  for (const plan of list.plans)
    for (const part of ['base', 'seat'] as const)
      for (const interval of INTERVALS)
        if (lookupKey(list.code, plan.tier, part, interval) === key) return { plan, part, interval };
  return null;
}
