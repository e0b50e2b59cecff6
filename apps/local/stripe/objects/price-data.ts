import { z } from 'zod';
import { atMost, decimal, flag, many, metadata, oneOf, part, positive, text, unset } from '../form.js';

/** Eight digits: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const LARGEST_AMOUNT = 99_999_999;
/** Two years: https://docs.stripe.com/billing/subscriptions/trials */
export const LONGEST_TRIAL_DAYS = 730;

const Recurring = part({
  interval: oneOf('day', 'week', 'month', 'year'),
  interval_count: positive().optional(),
  meter: text().optional(),
  trial_period_days: atMost(LONGEST_TRIAL_DAYS).optional(),
  usage_type: oneOf('licensed', 'metered').optional(),
});

/** What makes a price; its names are checked against the SDK's where it is used. */
export const PriceData = part({
  active: flag().optional(),
  billing_scheme: oneOf('per_unit', 'tiered').optional(),
  currency: text(3).transform((code) => code.toLowerCase()),
  lookup_key: text(200).optional(),
  metadata: metadata().optional(),
  nickname: text().optional(),
  product: text().optional(),
  product_data: part({
    name: text(),
    id: text().optional(),
    metadata: metadata().optional(),
    active: flag().optional(),
  }).optional(),
  recurring: Recurring.optional(),
  tax_behavior: oneOf('exclusive', 'inclusive', 'unspecified').optional(),
  tiers: many(
    part({
      flat_amount: atMost(LARGEST_AMOUNT).optional(),
      unit_amount: atMost(LARGEST_AMOUNT).optional(),
      unit_amount_decimal: decimal().optional(),
      up_to: z.union([z.literal('inf'), positive()]),
    }),
  ).optional(),
  tiers_mode: oneOf('graduated').optional(),
  transfer_lookup_key: flag().optional(),
  unit_amount: atMost(LARGEST_AMOUNT).optional(),
  unit_amount_decimal: decimal().optional(),
});
export type PriceData = z.output<typeof PriceData>;

export const UpdatePriceData = {
  active: flag().optional(),
  lookup_key: unset(text(200)).optional(),
  metadata: metadata().optional(),
  nickname: unset(text()).optional(),
  tax_behavior: oneOf('exclusive', 'inclusive', 'unspecified').optional(),
  transfer_lookup_key: flag().optional(),
};
