import { z } from 'zod';
import { decimal, flag, integer, metadata, natural, oneOf, part, positive, text, unset } from '../form.js';

const Recurring = part({
  interval: oneOf('day', 'week', 'month', 'year'),
  interval_count: positive().optional(),
  meter: text().optional(),
  trial_period_days: integer().optional(),
  usage_type: oneOf('licensed', 'metered').optional(),
});

/** What makes a price; its names are checked against the SDK's where it is used. */
export const PriceData = part({
  active: flag().optional(),
  billing_scheme: oneOf('per_unit').optional(),
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
  transfer_lookup_key: flag().optional(),
  unit_amount: natural().optional(),
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
