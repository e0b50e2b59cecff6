import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { DAY, HOUR } from '../clock.js';
import { invalidRequest } from '../errors.js';
import {
  flag,
  integer,
  listParamsOf,
  many,
  mergeMetadata,
  metadata,
  natural,
  oneOf,
  paramsOf,
  part,
  text,
} from '../form.js';
import type { CheckoutSession, Price } from '../kinds.js';
import { amountOf } from '../life/amounts.js';
import { productName } from '../life/lines.js';
import { pageInOrder, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import type { Wire } from '../wire.js';
import { priceFor } from './subscription-shape.js';

const SubscriptionData = part({
  billing_cycle_anchor: integer().optional(),
  billing_mode: part({ type: oneOf('classic', 'flexible') }).optional(),
  description: text(500).optional(),
  metadata: metadata().optional(),
  proration_behavior: oneOf('create_prorations', 'none').optional(),
  trial_end: integer().optional(),
  trial_period_days: natural().optional(),
  trial_settings: part({
    end_behavior: part({ missing_payment_method: oneOf('cancel', 'create_invoice', 'pause') }),
  }).optional(),
});

const CreateSession = paramsOf<Stripe.Checkout.SessionCreateParams>()({
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

/** What completing the session makes; kept in its notes. */
export interface CheckoutPlan {
  items: { price: string; quantity: number }[];
  line_items: Wire<Stripe.LineItem>[];
  discounts: { coupon?: string; promotion_code?: string }[];
  subscription_data: z.output<typeof SubscriptionData>;
  tax: boolean;
}

/** https://docs.stripe.com/api/checkout/sessions/object */
function create(books: Books, given: z.output<typeof CreateSession>): CheckoutSession {
  const customer = given.customer === undefined ? null : books.customer(given.customer);
  if (given.customer !== undefined && given.customer_email !== undefined)
    throw invalidRequest(
      'You may only specify one of these parameters: customer, customer_email.',
      'customer_email',
      'parameters_exclusive',
    );
  const mode = given.mode ?? 'subscription';
  const now = books.now(given.customer);
  const plan = planFor(books, given, mode);
  const subtotal = plan.line_items.reduce((sum, line) => sum + line.amount_subtotal, 0);
  const session = newSession(books, given, { now, mode, subtotal, trial: trialOf(plan) });
  session.currency = plan.line_items[0]?.currency ?? null;
  session.customer_details = {
    ...{
      address: null,
      business_name: null,
      individual_name: null,
      name: customer?.name ?? null,
      phone: null,
    },
    ...{ email: customer?.email ?? given.customer_email ?? null, tax_exempt: 'none', tax_ids: [] },
  };
  books.store.note(session.id, { checkout: plan });
  return books.add<'checkout.session'>(session);
}

export function trialOf({ subscription_data: data }: CheckoutPlan): boolean {
  return data.trial_end !== undefined || Boolean(data.trial_period_days);
}

function planFor(
  books: Books,
  given: z.output<typeof CreateSession>,
  mode: 'setup' | 'subscription',
): CheckoutPlan {
  if (mode === 'subscription' && !given.line_items?.length)
    throw invalidRequest('Missing required param: line_items.', 'line_items', 'parameter_missing');
  if (given.discounts?.length && given.allow_promotion_codes)
    throw invalidRequest(
      'You may only specify one of these parameters: allow_promotion_codes, discounts.',
      'discounts',
      'parameters_exclusive',
    );
  for (const { coupon, promotion_code } of given.discounts ?? []) {
    if (coupon) books.need('coupon', coupon, 'discounts[0][coupon]');
    if (promotion_code) books.need('promotion_code', promotion_code, 'discounts[0][promotion_code]');
  }
  const items = (given.line_items ?? []).map(({ price, quantity }) => ({ price, quantity: quantity ?? 1 }));
  return {
    items,
    line_items: items.map((item, index) => lineItem(books, lineItemPrice(books, item, index), item.quantity)),
    discounts: given.discounts ?? [],
    subscription_data: given.subscription_data ?? {},
    tax: given.automatic_tax?.enabled ?? false,
  };
}

function lineItemPrice(books: Books, item: { price: string; quantity: number }, index: number): Price {
  const known = books.store.get('price', item.price);
  if (!known)
    throw invalidRequest(`No such price: '${item.price}'`, `line_items[${index}][price]`, 'resource_missing');
  return priceFor(books, item, index);
}

/** https://docs.stripe.com/api/checkout/sessions/line_items */
function lineItem(books: Books, price: Price, quantity: number): Wire<Stripe.LineItem> {
  const amount = price.recurring?.usage_type === 'metered' ? 0 : amountOf(price, quantity);
  return {
    id: newId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: productName(books, price),
    metadata: {},
    price: structuredClone(price),
    quantity,
  };
}

function newSession(
  books: Books,
  given: z.output<typeof CreateSession>,
  at: { now: number; mode: 'setup' | 'subscription'; subtotal: number; trial: boolean },
): CheckoutSession {
  const id = newId('cs_test', 58);
  const expires = given.expires_at ?? at.now + DAY;
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

export function expireSession(books: Books, session: CheckoutSession): CheckoutSession {
  if (session.status !== 'open')
    throw invalidRequest('Only Checkout Sessions with a status in ["open"] can be expired.', 'session');
  books.change<'checkout.session'>(session, { status: 'expired', url: null });
  books.emit('checkout.session.expired', session);
  return session;
}

export function planOfSession(books: Books, id: string): CheckoutPlan {
  return books.store.notes(id).checkout as CheckoutPlan;
}

const List = listParamsOf<Stripe.Checkout.SessionListParams>()({
  customer: text().optional(),
  status: oneOf('complete', 'expired', 'open').optional(),
  subscription: text().optional(),
});

export const checkoutSessions = [
  endpoint('POST', '/v1/checkout/sessions', CreateSession, create),
  endpoint('GET', '/v1/checkout/sessions', List, (books, params) =>
    pageOf(
      '/v1/checkout/sessions',
      books.store
        .all('checkout.session')
        .filter((one) => params.customer === undefined || one.customer === params.customer)
        .filter((one) => params.status === undefined || one.status === params.status)
        .filter((one) => params.subscription === undefined || one.subscription === params.subscription),
      params,
    ),
  ),
  endpoint(
    'GET',
    '/v1/checkout/sessions/:id',
    paramsOf<Stripe.Checkout.SessionRetrieveParams>()({}),
    (books, _, id) => books.need('checkout.session', id),
  ),
  endpoint(
    'POST',
    '/v1/checkout/sessions/:id',
    paramsOf<Stripe.Checkout.SessionUpdateParams>()({ metadata: metadata().optional() }),
    (books, { metadata: given }, id) => {
      const session = books.need('checkout.session', id);
      return books.change<'checkout.session'>(session, {
        metadata: mergeMetadata(session.metadata ?? {}, given),
      });
    },
  ),
  endpoint(
    'POST',
    '/v1/checkout/sessions/:id/expire',
    paramsOf<Stripe.Checkout.SessionExpireParams>()({}),
    (books, _, id) => expireSession(books, books.need('checkout.session', id)),
  ),
  endpoint(
    'GET',
    '/v1/checkout/sessions/:id/line_items',
    listParamsOf<Stripe.Checkout.SessionListLineItemsParams>()({}),
    (books, params, id) => {
      books.need('checkout.session', id);
      return pageInOrder(
        `/v1/checkout/sessions/${id}/line_items`,
        planOfSession(books, id).line_items,
        params,
      );
    },
  ),
];
