import { lookupKey, type Part, type PriceList } from '../domain/plan-price.js';
import { INTERVALS } from '../events/words.js';

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
  unitAmount: number | null;
  interval: string | null;
  active: boolean;
}

export type WantedPrice = Omit<StripePrice, 'id' | 'active'> & {
  lookupKey: string;
  unitAmount: number;
  /** Beside the lookup key, which leaves a price that is replaced: subscriptions stay on it. */
  metadata: { gatehouse_plan: string; gatehouse_part: Part };
};

export type CatalogueStep =
  | { do: 'create_product' | 'update_product'; product: Omit<StripeProduct, 'active'> }
  /** `replaces` goes on for who has it, and loses its lookup key to the new one. */
  | { do: 'create_price'; price: WantedPrice; replaces: string | null }
  | { do: 'archive_price'; priceId: string; was: string };

/** What Stripe should have of a price list. */
export function wantedOf(list: PriceList): {
  products: Omit<StripeProduct, 'active'>[];
  prices: WantedPrice[];
} {
  const products: Omit<StripeProduct, 'active'>[] = [];
  const prices: WantedPrice[] = [];
  for (const plan of list.plans.filter((one) => one.kind === 'sold')) {
    const base = `${list.code}_${plan.tier.toLowerCase()}`;
    const parts = [
      { part: 'base' as const, id: base, name: `${list.productName} ${plan.name}`, amounts: plan.amounts! },
      ...(plan.extraSeat
        ? [
            {
              part: 'seat' as const,
              id: `${base}_seat`,
              name: `${list.productName} ${plan.name}: one more seat`,
              amounts: plan.extraSeat,
            },
          ]
        : []),
    ];
    for (const { part, id, name, amounts } of parts) {
      products.push({ id, name });
      for (const interval of INTERVALS) {
        prices.push({
          productId: id,
          lookupKey: lookupKey(list.code, plan.tier, part, interval),
          currency: list.currency,
          unitAmount: amounts[interval],
          interval,
          metadata: { gatehouse_plan: plan.tier, gatehouse_part: part },
        });
      }
    }
  }
  return { products, prices };
}

/**
 * The steps from what Stripe has to what the price list says, in an order that never leaves a plan without a price; none
 * when it is so already. A price cannot be changed (docs.stripe.com/products-prices/manage-prices): one with another
 * amount takes over its lookup key, and the old one is archived.
 */
export function catalogueSteps(
  list: PriceList,
  has: { products: readonly StripeProduct[]; prices: readonly StripePrice[] },
): CatalogueStep[] {
  const wanted = wantedOf(list);
  const steps: CatalogueStep[] = [];
  for (const product of wanted.products) {
    const old = has.products.find((one) => one.id === product.id);
    if (!old) steps.push({ do: 'create_product', product });
    else if (old.name !== product.name || !old.active) steps.push({ do: 'update_product', product });
  }
  const kept = new Set<string>();
  for (const price of wanted.prices) {
    const old = has.prices.find((one) => one.active && one.lookupKey === price.lookupKey);
    if (old && isSame(old, price)) kept.add(old.id);
    else steps.push({ do: 'create_price', price, replaces: old?.id ?? null });
  }
  for (const { id, lookupKey: key, active } of has.prices) {
    if (active && !kept.has(id)) steps.push({ do: 'archive_price', priceId: id, was: key ?? id });
  }
  return steps;
}

const isSame = (old: StripePrice, price: WantedPrice): boolean =>
  old.productId === price.productId &&
  old.currency === price.currency &&
  old.unitAmount === price.unitAmount &&
  old.interval === price.interval;

/** A step in words, for whoever decides about it. */
export function inWords(step: CatalogueStep): string {
  switch (step.do) {
    case 'create_product':
      return `+ product ${step.product.id} "${step.product.name}"`;
    case 'update_product':
      return `~ product ${step.product.id} becomes "${step.product.name}", active`;
    case 'create_price': {
      const { lookupKey: key, unitAmount, currency, interval } = step.price;
      const instead = step.replaces ? ` instead of ${step.replaces}` : '';
      return `+ price ${key} ${unitAmount} ${currency} a ${interval}${instead}`;
    }
    case 'archive_price':
      return `- price ${step.was} (${step.priceId}) is archived; who has it keeps it`;
  }
}
