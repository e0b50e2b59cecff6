import type Stripe from 'stripe';

/** How a price at Stripe bills what a meter counts. */
export interface MeteredTerms {
  meterId: string;
  /** Of one use, in minor units: a decimal. */
  ofOne: string;
  /** So many of a billing period cost nothing. */
  included: number;
}

/**
 * Null: it bills no meter, or not as `catalog apply` makes it. Tiers are there only for who has asked for them
 * (docs.stripe.com/expand#includable-properties).
 */
export function meteredTerms(price: Stripe.Price): MeteredTerms | null {
  const { recurring, billing_scheme: scheme, unit_amount_decimal: unit, tiers_mode: mode } = price;
  if (recurring?.usage_type !== 'metered' || recurring.meter === null) return null;
  const of = (amount: Stripe.Decimal, included: number) => ({
    ...{ meterId: recurring.meter!, ofOne: amount.toString(), included },
  });
  if (scheme === 'per_unit') return unit && !price.transform_quantity ? of(unit, 0) : null;
  const [free, rest, ...more] = price.tiers ?? [];
  if (mode !== 'graduated' || !free?.up_to || !rest?.unit_amount_decimal || more.length > 0) return null;
  const isFree = !free.flat_amount && (free.unit_amount_decimal?.isZero() ?? true);
  return isFree && !rest.flat_amount ? of(rest.unit_amount_decimal, free.up_to) : null;
}

/** What makes such a price; of one use, and with something included, of each after that. */
export function meteredParams(
  { ofOne, included }: Pick<MeteredTerms, 'ofOne' | 'included'>,
  { Decimal }: Pick<Stripe, 'Decimal'>,
): Pick<Stripe.PriceCreateParams, 'billing_scheme' | 'tiers' | 'tiers_mode' | 'unit_amount_decimal'> {
  const amount = Decimal.from(ofOne);
  if (included === 0) return { unit_amount_decimal: amount };
  return {
    billing_scheme: 'tiered',
    tiers_mode: 'graduated',
    tiers: [
      { up_to: included, unit_amount_decimal: Decimal.zero },
      { up_to: 'inf', unit_amount_decimal: amount },
    ],
  };
}
