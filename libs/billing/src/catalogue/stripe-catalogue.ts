import type Stripe from 'stripe';
import { type Coupon, couponId } from '../domain/coupon.js';
import {
  amountOfOne,
  lookupKey,
  type Part,
  type PlanPrice,
  type PriceList,
  productId,
} from '../domain/plan-price.js';
import { meterEventName } from '../domain/shipment.js';
import { LICENSE_TYPES } from '#sdk/formats';
import { INTERVALS } from '../events/words.js';
import { refId } from '../stripe/id-of.js';
import { type MeteredTerms, meteredTerms } from '../stripe/metered-price.js';
import {
  billableMeter,
  meterInWords,
  type MeterStep,
  meterSteps,
  type StripeMeter,
} from './stripe-meters.js';

/** A product at Stripe; its id is ours, so that it is made once. */
export interface StripeProduct {
  id: string;
  name: string;
  active: boolean;
}

export interface StripePrice {
  id: string;
  productId: string;
  lookupKey: string | null;
  currency: string;
  /** Null: of a price by use. */
  unitAmount: number | null;
  /** Null: it bills no uses, or not as we have them billed. */
  uses: MeteredTerms | null;
  interval: string | null;
  /** Null: of what is wanted, whatever it is. */
  taxBehavior: string | null;
  /** What it says itself that it is; that of a price that was made by hand says nothing. */
  metadata: Readonly<Record<string, string>>;
  active: boolean;
}

/** A coupon of ours at Stripe; its id names its terms. */
export interface StripeCoupon {
  id: string;
  name: string;
}

/** What uses of a meter cost; which meter at Stripe that is, is known once it has been made. */
export interface WantedUses extends Omit<MeteredTerms, 'meterId'> {
  eventName: string;
  /** As the file says it, of which `ofOne` is the quotient. */
  amount: number;
  per: number;
  /** Null: it is not made yet. */
  meterId: string | null;
}

export type WantedPrice = Omit<StripePrice, 'id' | 'active' | 'uses' | 'metadata'> & {
  lookupKey: string;
  uses: WantedUses | null;
  /** Beside the lookup key, which leaves a price that is replaced: subscriptions stay on it. */
  metadata: { gatehouse_plan: string; gatehouse_part: Part; gatehouse_meter?: string };
};

/** A product as it is made. Those of uses say what they are of: nothing else tells which ones the file had before. */
export type WantedProduct = Omit<StripeProduct, 'active'> & {
  metadata?: { gatehouse_product: string; gatehouse_part: Part };
};

export type CatalogueStep =
  | MeterStep
  | { do: 'create_product' | 'update_product'; product: WantedProduct }
  | { do: 'mark_price'; priceId: string; was: string; metadata: WantedPrice['metadata'] }
  /** `replaces` goes on for who has it, and loses its lookup key to the new one. */
  | { do: 'create_price'; price: WantedPrice; replaces: string | null }
  | { do: 'archive_price'; priceId: string; was: string }
  | { do: 'archive_product'; id: string; name: string }
  | { do: 'create_coupon'; id: string; code: string; coupon: Coupon; currency: string }
  | { do: 'delete_coupon'; id: string; name: string };

/** Nothing that we do: a person has to. */
export const isByHand = (step: CatalogueStep): boolean => step.do === 'replace_meter_by_hand';

/** What a product at Stripe is called that a plan could have, whether it is sold or not. */
export const productIds = (code: string): string[] =>
  LICENSE_TYPES.flatMap((tier) => [productId(code, tier, 'base'), productId(code, tier, 'seat')]);

/** What Stripe should have of a price list. */
export function wantedOf(
  list: PriceList,
  meters: readonly StripeMeter[] = [],
): {
  products: WantedProduct[];
  prices: WantedPrice[];
} {
  const products: WantedProduct[] = [];
  const prices: WantedPrice[] = [];
  for (const plan of list.plans.filter((one) => one.kind === 'sold')) {
    for (const { part, meter = null, called, amounts, uses } of partsOf(list, plan, meters)) {
      const id = productId(list.code, plan.tier, part, meter);
      const isOfUses = meter === null ? {} : { gatehouse_meter: meter };
      products.push({
        id,
        name: `${list.productName} ${plan.name}${called}`,
        ...(meter === null ? {} : { metadata: { gatehouse_product: list.code, gatehouse_part: part } }),
      });
      for (const interval of INTERVALS) {
        prices.push({
          productId: id,
          lookupKey: lookupKey(list.code, plan.tier, part, interval, meter),
          currency: list.currency,
          unitAmount: amounts?.[interval] ?? null,
          uses,
          interval,
          taxBehavior: list.tax?.behavior ?? null,
          metadata: { gatehouse_plan: plan.tier, gatehouse_part: part, ...isOfUses },
        });
      }
    }
  }
  return { products, prices };
}

interface SoldPart {
  part: Part;
  meter?: string;
  /** After the name of its plan. */
  called: string;
  amounts: PlanPrice['amounts'];
  uses: WantedUses | null;
}

function partsOf(list: PriceList, plan: PlanPrice, meters: readonly StripeMeter[]): SoldPart[] {
  const { amounts, extraSeat, usage } = plan;
  return [
    { part: 'base', called: '', amounts, uses: null },
    ...(extraSeat
      ? [{ part: 'seat' as const, called: ': one more seat', amounts: extraSeat, uses: null }]
      : []),
    ...usage.map(({ meter, amount, per, included }) => {
      const eventName = meterEventName(list.code, meter);
      const meterId = billableMeter(eventName, meters)?.id ?? null;
      return {
        ...{ part: 'use' as const, meter, called: `: ${meter}`, amounts: null },
        uses: { eventName, meterId, amount, per, ofOne: amountOfOne({ amount, per }), included },
      };
    }),
  ];
}

/**
 * The steps from what Stripe has to what the price list says, in an order that never leaves a plan without a price; none
 * when it is so already. A price cannot be changed (docs.stripe.com/products-prices/manage-prices): one with another
 * amount takes over its lookup key, and the old one is archived.
 */
export function catalogueSteps(
  list: PriceList,
  has: {
    products: readonly StripeProduct[];
    prices: readonly StripePrice[];
    coupons: readonly StripeCoupon[];
    meters: readonly StripeMeter[];
  },
): CatalogueStep[] {
  const wanted = wantedOf(list, has.meters);
  const metersFirst = meterSteps(list, has.meters);
  const byHand = metersFirst.flatMap((one) => (one.do === 'replace_meter_by_hand' ? [one.eventName] : []));
  const steps: CatalogueStep[] = [];
  for (const product of wanted.products) {
    const old = has.products.find((one) => one.id === product.id);
    if (!old) steps.push({ do: 'create_product', product });
    else if (old.name !== product.name || !old.active) steps.push({ do: 'update_product', product });
  }
  // First of all: a price that loses its key to another one has to say itself what it is, to who has it.
  for (const { lookupKey: key, metadata } of wanted.prices) {
    for (const old of has.prices.filter((one) => one.lookupKey === key && !isMarked(one, metadata)))
      steps.push({ do: 'mark_price', priceId: old.id, was: key, metadata });
  }
  const kept = new Set<string>();
  for (const price of wanted.prices) {
    const old = has.prices.find((one) => one.active && one.lookupKey === price.lookupKey);
    // Nothing is put on a meter that a person has to see to first.
    const isLeft = price.uses !== null && byHand.includes(price.uses.eventName);
    if (old && (isLeft || isSame(old, price))) kept.add(old.id);
    else if (!isLeft) steps.push({ do: 'create_price', price, replaces: old?.id ?? null });
  }
  for (const { id, lookupKey: key, active } of has.prices) {
    if (active && !kept.has(id)) steps.push({ do: 'archive_price', priceId: id, was: key ?? id });
  }
  const sold = new Set(wanted.products.map((one) => one.id));
  for (const { id, name, active } of has.products) {
    if (active && !sold.has(id)) steps.push({ do: 'archive_product', id, name });
  }
  // A price by use is put on its meter.
  return [...metersFirst, ...steps, ...couponSteps(list, has.coupons)];
}

function couponSteps({ code, currency, coupons }: PriceList, has: readonly StripeCoupon[]): CatalogueStep[] {
  const wanted = new Map(coupons.map((coupon) => [couponId(code, coupon), coupon]));
  const there = new Set(has.map((one) => one.id));
  return [
    ...[...wanted]
      .filter(([id]) => !there.has(id))
      .map(([id, coupon]) => ({ do: 'create_coupon' as const, id, code, coupon, currency })),
    ...has.filter(({ id }) => !wanted.has(id)).map((one) => ({ do: 'delete_coupon' as const, ...one })),
  ];
}

const isMarked = (old: StripePrice, wanted: WantedPrice['metadata']): boolean =>
  Object.entries(wanted).every(([name, value]) => old.metadata[name] === value);

/** What Stripe has of a price; of what a meter counts only where it was asked for tiers. */
export const priceOf = (price: Stripe.Price): StripePrice => ({
  id: price.id,
  productId: refId(price.product),
  lookupKey: price.lookup_key,
  currency: price.currency,
  unitAmount: price.recurring?.usage_type === 'metered' ? null : price.unit_amount,
  uses: meteredTerms(price),
  interval: price.recurring?.interval ?? null,
  taxBehavior: price.tax_behavior,
  metadata: price.metadata,
  active: price.active,
});

/** A price cannot be put on another meter: who has replaced that needs another price. */
const isSame = (old: StripePrice, price: WantedPrice): boolean =>
  old.productId === price.productId && costsTheSame(old, price) && old.uses?.meterId === price.uses?.meterId;

/** Whether somebody pays by it what the price list says, whatever it is on. */
export const costsTheSame = (old: StripePrice, price: WantedPrice): boolean =>
  old.currency === price.currency &&
  old.unitAmount === price.unitAmount &&
  old.interval === price.interval &&
  old.uses?.ofOne === price.uses?.ofOne &&
  old.uses?.included === price.uses?.included &&
  (price.taxBehavior === null || old.taxBehavior === price.taxBehavior);

/** A price that is sold, as Stripe has it. */
export interface SoldPrice extends Pick<
  WantedPrice,
  'productId' | 'lookupKey' | 'unitAmount' | 'currency' | 'interval'
> {
  /** null: Stripe lacks it. */
  priceId: string | null;
}

/** Which price at Stripe each lookup key of ours is. */
export function soldPrices(list: PriceList, has: readonly StripePrice[]): SoldPrice[] {
  return wantedOf(list).prices.map(({ metadata: _, uses: __, ...price }) => ({
    ...price,
    priceId: has.find((one) => one.active && one.lookupKey === price.lookupKey)?.id ?? null,
  }));
}

export const priceInWords = ({ productId, lookupKey: key, priceId }: SoldPrice): string =>
  `${productId} ${key} ${priceId ?? 'is missing'}`;

/** A step in words, for whoever decides about it. */
export function inWords(step: CatalogueStep): string {
  switch (step.do) {
    case 'create_product':
      return `+ product ${step.product.id} "${step.product.name}"`;
    case 'update_product':
      return `~ product ${step.product.id} becomes "${step.product.name}", active`;
    case 'mark_price':
      return `~ price ${step.was} (${step.priceId}) says what it is, also without that name`;
    case 'create_price': {
      const instead = step.replaces ? ` instead of ${step.replaces}` : '';
      return `+ price ${step.price.lookupKey} ${costInWords(step.price)}${instead}`;
    }
    case 'archive_price':
      return `- price ${step.was} (${step.priceId}) is archived; who has it keeps it`;
    case 'archive_product':
      return `- product ${step.id} "${step.name}" is sold no more; who has it keeps it`;
    case 'create_coupon':
      return `+ coupon ${step.coupon.name} (${step.id})`;
    case 'delete_coupon':
      return `- coupon ${step.name} (${step.id}) is taken away; who has it keeps it`;
    case 'create_meter':
    case 'reactivate_meter':
    case 'replace_meter_by_hand':
      return meterInWords(step);
  }
}

function costInWords({ unitAmount, uses, currency, interval }: WantedPrice): string {
  if (!uses) return `${unitAmount} ${currency} a ${interval}`;
  const { amount, per, eventName, included } = uses;
  const free = included > 0 ? `, ${included} included` : '';
  return `${amount} ${currency} for each ${per} ${eventName} of a ${interval}${free}`;
}
