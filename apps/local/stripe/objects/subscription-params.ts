import type Stripe from 'stripe';
import { z } from 'zod';
import {
  atMost,
  flag,
  integer,
  listParamsOf,
  many,
  metadata,
  natural,
  oneOf,
  paramsOf,
  part,
  range,
  text,
  unset,
} from '../form.js';
import { DiscountsInput } from './coupons.js';
import { LONGEST_TRIAL_DAYS, PriceData } from './price-data.js';

const ItemInput = part({
  id: text().optional(),
  deleted: flag().optional(),
  metadata: metadata().optional(),
  price: text().optional(),
  price_data: PriceData.pick({
    currency: true,
    product: true,
    recurring: true,
    tax_behavior: true,
    unit_amount: true,
    unit_amount_decimal: true,
  }).optional(),
  quantity: natural().optional(),
});
export type ItemInput = z.output<typeof ItemInput>;
export const ItemsInput = many(ItemInput);

export const ProrationBehavior = oneOf('always_invoice', 'create_prorations', 'none');
const PaymentBehavior = oneOf(
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
);
const TrialEnd = z.union([z.literal('now'), integer()]);

const BOTH = {
  automatic_tax: part({ enabled: flag() }).optional(),
  cancel_at_period_end: flag().optional(),
  collection_method: oneOf('charge_automatically', 'send_invoice').optional(),
  days_until_due: integer().optional(),
  default_payment_method: text().optional(),
  description: unset(text(500)).optional(),
  discounts: DiscountsInput.optional(),
  items: ItemsInput.optional(),
  metadata: metadata().optional(),
  off_session: flag().optional(),
  payment_behavior: PaymentBehavior.optional(),
  payment_settings: part({
    payment_method_types: unset(many(oneOf('card'))).optional(),
    save_default_payment_method: oneOf('off', 'on_subscription').optional(),
  }).optional(),
  proration_behavior: ProrationBehavior.optional(),
  trial_end: TrialEnd.optional(),
  trial_settings: part({
    end_behavior: part({ missing_payment_method: oneOf('cancel', 'create_invoice', 'pause') }),
  }).optional(),
};

const CancelAt = z.union([z.literal('max_period_end'), z.literal('min_period_end'), integer()]);

export const CreateSubscription = paramsOf<Stripe.SubscriptionCreateParams>()({
  ...BOTH,
  backdate_start_date: integer().optional(),
  billing_cycle_anchor: integer().optional(),
  billing_mode: part({ type: oneOf('classic', 'flexible') }).optional(),
  cancel_at: CancelAt.optional(),
  customer: text(),
  currency: text(3).optional(),
  items: many(ItemInput),
  trial_period_days: atMost(LONGEST_TRIAL_DAYS).optional(),
});
export type CreateSubscription = z.output<typeof CreateSubscription>;

const CancellationDetails = part({
  comment: unset(text()).optional(),
  feedback: unset(
    oneOf(
      'customer_service',
      'low_quality',
      'missing_features',
      'other',
      'switched_service',
      'too_complex',
      'too_expensive',
      'unused',
    ),
  ).optional(),
});

export const UpdateSubscription = paramsOf<Stripe.SubscriptionUpdateParams>()({
  ...BOTH,
  billing_cycle_anchor: oneOf('now', 'unchanged').optional(),
  cancel_at: unset(CancelAt).optional(),
  cancellation_details: CancellationDetails.optional(),
  pause_collection: unset(
    part({
      behavior: oneOf('keep_as_draft', 'mark_uncollectible', 'void'),
      resumes_at: integer().optional(),
    }),
  ).optional(),
  proration_date: integer().optional(),
});
export type UpdateSubscription = z.output<typeof UpdateSubscription>;

export const CancelSubscription = paramsOf<Stripe.SubscriptionCancelParams>()({
  cancellation_details: CancellationDetails.optional(),
  invoice_now: flag().optional(),
  prorate: flag().optional(),
});
export type CancelSubscription = z.output<typeof CancelSubscription>;

export const PauseSubscription = paramsOf<Stripe.SubscriptionPauseParams>()({
  type: oneOf('subscription').optional(),
});

export const ResumeSubscription = paramsOf<Stripe.SubscriptionResumeParams>()({
  billing_cycle_anchor: part({ type: oneOf('now', 'unchanged') }).optional(),
  payment_behavior: oneOf('resume_on_payment_attempt', 'resume_on_payment_success').optional(),
  proration_behavior: ProrationBehavior.optional(),
  proration_date: integer().optional(),
});
export type ResumeSubscription = z.output<typeof ResumeSubscription>;

export const ListSubscriptions = listParamsOf<Stripe.SubscriptionListParams>()({
  collection_method: oneOf('charge_automatically', 'send_invoice').optional(),
  created: range().optional(),
  customer: text().optional(),
  price: text().optional(),
  status: oneOf(
    'active',
    'all',
    'canceled',
    'ended',
    'incomplete',
    'incomplete_expired',
    'past_due',
    'paused',
    'trialing',
    'unpaid',
  ).optional(),
  test_clock: text().optional(),
});
