import type { LicenseType } from '#sdk/formats';
import type { Coupon } from './coupon.js';
import { type Interval, INTERVALS } from '../events/words.js';

/** As Stripe calls them (docs.stripe.com/billing/subscriptions/prorations). */
export const PRORATIONS = ['create_prorations', 'always_invoice', 'none'] as const;
export type Proration = (typeof PRORATIONS)[number];

/** Whether prices are without tax or with it (docs.stripe.com/tax/products-prices-tax-codes-tax-behavior). */
export const TAX_BEHAVIORS = ['exclusive', 'inclusive'] as const;

/** Minor units of the currency, by interval. */
export type Amounts = Readonly<Record<Interval, number>>;

/** What uses of a meter cost; the same in plans by the month and by the year. */
export interface UsePrice {
  meter: string;
  /** Minor units for each `per` uses, which is a power of ten. */
  amount: number;
  per: number;
  /** So many of a billing period cost nothing. */
  included: number;
}

/** What one use costs, in minor units: a decimal, and exact, since `per` is a power of ten. */
export function amountOfOne({ amount, per }: Pick<UsePrice, 'amount' | 'per'>): string {
  const places = String(per).length - 1;
  const digits = String(amount).padStart(places + 1, '0');
  const rest = digits.slice(digits.length - places).replace(/0+$/, '');
  return digits.slice(0, digits.length - places) + (places > 0 && rest ? `.${rest}` : '');
}

/** The other way round: an amount and the smallest power of ten that say so much of one. */
export function amountOfMany(ofOne: string): Pick<UsePrice, 'amount' | 'per'> {
  const [whole = '0', rest = ''] = ofOne.split('.');
  const places = rest.replace(/0+$/, '').length;
  return { amount: Number(whole + rest.slice(0, places)), per: 10 ** places };
}

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
  /** Beside that, of what is used of meters that the plan bills. */
  usage: readonly UsePrice[];
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
  /** `collectIds`: the checkout asks companies for their tax id. Null: prices say nothing about tax. */
  tax: { behavior: (typeof TAX_BEHAVIORS)[number]; collectIds: boolean } | null;
  /** What takes something off for whom the operator lets. */
  coupons: readonly Coupon[];
  /** What some plan bills by use: names of meters, sorted. */
  billedMeters: readonly string[];
}

/** What `seats` of a plan cost for one interval, before tax and coupons, in minor units; null: by contract. */
export function amountOf(plan: PlanPrice, interval: Interval, seats: number): number | null {
  const base = plan.amounts?.[interval];
  if (base === undefined) return null;
  if (plan.isPerSeat) return base * seats;
  return base + (plan.extraSeat?.[interval] ?? 0) * Math.max(0, seats - (plan.seats.included ?? seats));
}

/** A plan at Stripe: what its prices are called. The words of {@link partOf} read them back. */
export type Part = 'base' | 'seat' | 'use';

/** What a plan is called at Stripe, or a part of it: like gatehouse_team, gatehouse_team_seat, gatehouse_team_use_commands. */
export const productId = (code: string, tier: LicenseType, part: Part, meter: string | null = null): string =>
  [code, tier.toLowerCase(), ...(part === 'base' ? [] : [part]), ...(meter ? [meter] : [])].join('_');

/**
 * Like gatehouse_team_month; gatehouse_team_seat_month for a seat beyond those of the plan, gatehouse_team_use_commands_month
 * for the uses of a meter.
 */
export const lookupKey = (
  code: string,
  tier: LicenseType,
  part: Part,
  interval: Interval,
  meter: string | null = null,
): string => `${productId(code, tier, part, meter)}_${interval}`;

/** A part of a plan, by the month or by the year. */
export interface PartOfPlan {
  plan: PlanPrice;
  part: Part;
  /** Of uses alone. */
  meter: string | null;
  interval: Interval;
}

/** What a lookup key is of; null: none of ours. */
export function partOf(list: PriceList, key: string): PartOfPlan | null {
  for (const plan of list.plans) {
    const uses = plan.usage.map(({ meter }) => ({ part: 'use' as const, meter }));
    for (const one of [
      { part: 'base' as const, meter: null },
      { part: 'seat' as const, meter: null },
      ...uses,
    ])
      for (const interval of INTERVALS)
        if (lookupKey(list.code, plan.tier, one.part, interval, one.meter) === key)
          return { plan, ...one, interval };
  }
  return null;
}
