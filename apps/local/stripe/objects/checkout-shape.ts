import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { DAY, HOUR } from '../clock.js';
import { invalidRequest } from '../errors.js';
import {
  atMost,
  flag,
  integer,
  many,
  mergeMetadata,
  metadata,
  natural,
  oneOf,
  paramsOf,
  part,
  text,
} from '../form.js';
import type { CheckoutSession } from '../kinds.js';
import { newId } from '../store.js';
import type { Wire } from '../wire.js';
import { LONGEST_TRIAL_DAYS } from './price-data.js';

const SubscriptionData = part({
  billing_cycle_anchor: integer().optional(),
  billing_mode: part({ type: oneOf('classic', 'flexible') }).optional(),
  description: text(500).optional(),
  metadata: metadata().optional(),
  proration_behavior: oneOf('create_prorations', 'none').optional(),
  trial_end: integer().optional(),
  trial_period_days: atMost(LONGEST_TRIAL_DAYS).optional(),
  trial_settings: part({
    end_behavior: part({ missing_payment_method: oneOf('cancel', 'create_invoice', 'pause') }),
  }).optional(),
});

export const CreateSession = paramsOf<Stripe.Checkout.SessionCreateParams>()({
  allow_promotion_codes: flag().optional(),
  automatic_tax: part({ enabled: flag() }).optional(),
  billing_address_collection: oneOf('auto', 'required').optional(),
  cancel_url: text().optional(),
  client_reference_id: text(200).optional(),
  customer: text().optional(),
  customer_email: text(800).optional(),
  customer_update: part({
    address: oneOf('auto', 'never').optional(),
    name: oneOf('auto', 'never').optional(),
  }).optional(),
  discounts: many(part({ coupon: text().optional(), promotion_code: text().optional() })).optional(),
  expires_at: integer().optional(),
  line_items: many(
    part({
      price: text(),
      quantity: natural().optional(),
      adjustable_quantity: part({
        enabled: flag(),
        minimum: natural().optional(),
        maximum: natural().optional(),
      }).optional(),
    }),
  ).optional(),
  locale: text().optional(),
  metadata: metadata().optional(),
  mode: oneOf('setup', 'subscription').optional(),
  payment_method_collection: oneOf('always', 'if_required').optional(),
  subscription_data: SubscriptionData.optional(),
  success_url: text(),
  tax_id_collection: part({
    enabled: flag(),
    required: oneOf('if_supported', 'never').optional(),
  }).optional(),
  ui_mode: oneOf('hosted_page').optional(),
});

export type CreateSession = z.output<typeof CreateSession>;

/** What completing the session makes; kept in its notes. */
export interface CheckoutPlan {
  items: { price: string; quantity?: number }[];
  line_items: Wire<Stripe.LineItem>[];
  discounts: { coupon?: string; promotion_code?: string }[];
  subscription_data: z.output<typeof SubscriptionData>;
  tax: boolean;
  /** Of a customer who was there before: what is typed at the page is kept. */
  update: { address?: 'auto' | 'never'; name?: 'auto' | 'never' };
}

/** https://docs.stripe.com/api/checkout/sessions/object */
export function newSession(
  books: Books,
  given: CreateSession,
  at: { now: number; mode: 'setup' | 'subscription'; subtotal: number; trial: boolean },
): CheckoutSession {
  const id = newId('cs_test', 58);
  // Whoever asks has not moved their own clock along with ours.
  const behind = given.expires_at !== undefined && given.expires_at < at.now ? books.clock.secondsAhead : 0;
  const expires = given.expires_at === undefined ? at.now + DAY : given.expires_at + behind;
  if (expires < at.now + HOUR / 2 || expires > at.now + DAY + 60)
    throw invalidRequest(
      'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
      'expires_at',
    );
  const total = at.trial ? 0 : at.subtotal;
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: given.allow_promotion_codes ?? null,
    allowed_payment_method_types: null,
    amount_subtotal: at.mode === 'setup' ? null : total,
    amount_total: at.mode === 'setup' ? null : total,
    tax_id_collection: {
      enabled: given.tax_id_collection?.enabled ?? false,
      required: given.tax_id_collection?.required ?? 'never',
    },
    automatic_tax: {
      enabled: given.automatic_tax?.enabled ?? false,
      liability: null,
      provider: null,
      status: null,
    },
    billing_address_collection: given.billing_address_collection ?? null,
    cancel_url: given.cancel_url ?? null,
    client_reference_id: given.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: at.now,
    currency: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: given.customer ?? null,
    customer_account: null,
    customer_creation: given.customer ? null : 'always',
    customer_details: null,
    customer_email: given.customer_email ?? null,
    discounts: [],
    expires_at: expires,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: given.locale ?? null,
    managed_payments: null,
    metadata: mergeMetadata({}, given.metadata),
    mode: at.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: given.payment_method_collection ?? 'always',
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    payment_status: total === 0 ? 'no_payment_required' : 'unpaid',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: given.success_url,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${books.baseUrl}/c/pay/${id}`,
    wallet_options: null,
  };
}
