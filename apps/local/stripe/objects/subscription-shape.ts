import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { mergeMetadata } from '../form.js';
import type { Customer, Price, Subscription, SubscriptionItem } from '../kinds.js';
import { newId } from '../store.js';
import { clone, listOf } from '../wire.js';
import { createPrice, planOf } from './prices.js';
import type { CreateSubscription, ItemInput } from './subscription-params.js';

export interface Period {
  start: number;
  end: number;
}

/** https://docs.stripe.com/api/subscription_items/object: the period is the item's, not the subscription's. */
export function newItem(
  subscription: string,
  price: Price,
  given: { quantity?: number; metadata?: Record<string, string> | null },
  period: Period,
  created: number,
): SubscriptionItem {
  const metered = price.recurring?.usage_type === 'metered';
  if (metered) mustHaveNoQuantity(price, given);
  return {
    id: newId('si', 14),
    object: 'subscription_item',
    billing_thresholds: null,
    created,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: mergeMetadata({}, given.metadata),
    plan: planOf(price),
    price: clone(price),
    ...(metered ? {} : { quantity: given.quantity ?? 1 }),
    subscription,
    tax_rates: [],
  };
}

/** Throws for a quantity of what a meter counts. */
export function mustHaveNoQuantity(price: Price, { quantity }: { quantity?: number }): void {
  if (quantity !== undefined)
    throw invalidRequest(
      `You cannot set the quantity of a metered price: ${price.id}.`,
      'items[0][quantity]',
    );
}

/** https://docs.stripe.com/api/subscriptions/object */
export function newSubscription(
  customer: Customer,
  given: CreateSubscription,
  at: { id: string; now: number; anchor: number; trialEnd: number | null; status: Subscription['status'] },
  items: SubscriptionItem[],
): Subscription {
  return {
    id: at.id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: automaticTax(given.automatic_tax?.enabled ?? false),
    billing_cycle_anchor: at.anchor,
    billing_cycle_anchor_config: null,
    billing_mode: {
      flexible: { proration_discounts: 'included' },
      type: given.billing_mode?.type ?? 'flexible',
    },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: given.collection_method ?? 'charge_automatically',
    created: at.now,
    currency: items[0]!.price.currency,
    customer: customer.id,
    customer_account: null,
    days_until_due: given.days_until_due ?? null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: given.description ?? null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: listOf(`/v1/subscription_items?subscription=${at.id}`, items),
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: mergeMetadata({}, given.metadata),
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: given.payment_settings?.save_default_payment_method ?? 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: at.now,
    status: at.status,
    test_clock: customer.test_clock ?? null,
    transfer_data: null,
    trial_end: at.trialEnd,
    trial_settings: {
      end_behavior: {
        billing_cycle_anchor: null,
        missing_payment_method: given.trial_settings?.end_behavior.missing_payment_method ?? 'create_invoice',
      },
    },
    trial_start: at.trialEnd === null ? null : at.now,
  };
}

export function automaticTax(enabled: boolean): Subscription['automatic_tax'] {
  return { disabled_reason: null, enabled, liability: enabled ? { type: 'self' } : null };
}

/** The price an item names. Throws for an unknown, archived or one-time one. */
export function priceFor(books: Books, item: ItemInput, index: number): Price {
  const param = `items[${index}][price]`;
  if (item.price_data) return createPrice(books, { ...item.price_data, product: item.price_data.product });
  if (item.price === undefined)
    throw invalidRequest(`Missing required param: ${param}.`, param, 'parameter_missing');
  const price = books.need('price', item.price, param);
  if (!price.active)
    throw invalidRequest('The price specified is inactive. This field only accepts active prices.', param);
  if (price.type !== 'recurring')
    throw invalidRequest(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
      param,
    );
  return price;
}

/** Throws for items that cannot be in one subscription. */
export function mustAgree(items: { price: Price }[]): void {
  const [first] = items;
  if (!first) throw invalidRequest('Missing required param: items.', 'items', 'parameter_missing');
  const ids = items.map((one) => one.price.id);
  if (new Set(ids).size !== ids.length)
    throw invalidRequest(
      `Cannot add multiple subscription items with the same plan: ${ids.find((id, index) => ids.indexOf(id) !== index)}`,
      'items',
    );
  for (const { price } of items) {
    if (price.currency !== first.price.currency)
      throw invalidRequest(
        `The price specified supports currencies of \`${price.currency}\`. This doesn't match the expected currency: \`${first.price.currency}\`.`,
        'items',
      );
    const same =
      price.recurring?.interval === first.price.recurring?.interval &&
      price.recurring?.interval_count === first.price.recurring?.interval_count;
    if (!same)
      throw invalidRequest('The local Stripe bills all items of a subscription at one interval.', 'items');
  }
}

export function periodOf(subscription: Subscription): Period {
  const [first] = subscription.items.data;
  return { start: first!.current_period_start, end: first!.current_period_end };
}

/** The same items in another period. */
export function inPeriod(subscription: Subscription, period: Period): Subscription['items'] {
  const data = subscription.items.data.map((item) => ({
    ...item,
    current_period_start: period.start,
    current_period_end: period.end,
  }));
  return { ...subscription.items, data };
}
