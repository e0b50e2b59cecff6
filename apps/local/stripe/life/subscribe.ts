import type { Books } from '../books.js';
import { DAY, nextBoundary } from '../clock.js';
import type { Interval } from '../clock.js';
import { invalidRequest } from '../errors.js';
import type { Customer, Invoice, Price, Subscription } from '../kinds.js';
import { redeem } from '../objects/coupons.js';
import { payingMethod } from '../objects/payment-methods.js';
import { createSetupIntent } from '../objects/setup-intents.js';
import type { CreateSubscription } from '../objects/subscription-params.js';
import { mustAgree, newItem, newSubscription, periodOf, priceFor } from '../objects/subscription-shape.js';
import { newId } from '../store.js';
import { billFor } from './bill.js';
import { collect, incomplete } from './collection.js';
import { finalize, finalizeLater } from './invoicing.js';
import { itemLine, linesForPeriod, trialLine } from './lines.js';
import { isMetered } from './usage.js';

export interface SubscribeOptions {
  /** What the browser of a checkout has shown: a person is there. */
  authenticated?: boolean;
}

/** POST /v1/subscriptions: https://docs.stripe.com/api/subscriptions/create */
export function subscribe(
  books: Books,
  given: CreateSubscription,
  options: SubscribeOptions = {},
): Subscription {
  const customer = books.customer(given.customer);
  const now = books.now(customer.id);
  const wanted = given.items.map((item, index) => ({ item, price: priceFor(books, item, index) }));
  mustAgree(wanted);
  mustFitCurrency(customer, wanted[0]!.price);
  const trialEnd = trialEndOf(given, now);
  const anchor = trialEnd ?? given.billing_cycle_anchor ?? now;
  if (anchor < now)
    throw invalidRequest('billing_cycle_anchor must be in the future.', 'billing_cycle_anchor');
  const id = newId('sub');
  const { interval, interval_count: count } = wanted[0]!.price.recurring!;
  const end = anchor > now ? anchor : nextBoundary(now, interval as Interval, count, now);
  const items = wanted.map(({ item, price }) => newItem(id, price, item, { start: now, end }, now));
  const status = trialEnd === null ? 'incomplete' : 'trialing';
  const subscription = newSubscription(customer, given, { id, now, anchor, trialEnd, status }, items);
  subscription.default_payment_method = ownMethod(books, customer.id, given.default_payment_method);
  applyCancellation(subscription, given, end);
  books.store.add<'subscription'>(subscription);
  subscription.discounts = redeem(books, given.discounts, { customer: customer.id, subscription: id });
  books.emit('customer.subscription.created', subscription);
  firstInvoice(books, subscription, given, options);
  return subscription;
}

function mustFitCurrency(customer: Customer, price: Price): void {
  if (customer.currency && customer.currency !== price.currency)
    throw invalidRequest(
      `You cannot combine currencies on a single customer. This customer has an active subscription, subscription schedule, discount, quote, or invoice item with currency ${customer.currency}.`,
    );
}

function trialEndOf(given: CreateSubscription, now: number): number | null {
  if (given.trial_end !== undefined && given.trial_period_days !== undefined)
    throw invalidRequest(
      'You may only specify one of these parameters: trial_end, trial_period_days.',
      'trial_end',
      'parameters_exclusive',
    );
  if (given.trial_period_days) return now + given.trial_period_days * DAY;
  if (given.trial_end === undefined || given.trial_end === 'now') return null;
  if (given.trial_end <= now)
    throw invalidRequest('Invalid timestamp: must be an integer Unix timestamp in the future.', 'trial_end');
  return given.trial_end;
}

export function ownMethod(books: Books, customer: string, id: string | undefined): string | null {
  if (id === undefined) return null;
  const method = books.need('payment_method', id, 'default_payment_method');
  if (method.customer !== customer)
    throw invalidRequest(
      `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
      'default_payment_method',
      'resource_missing',
    );
  return id;
}

function applyCancellation(subscription: Subscription, given: CreateSubscription, end: number): void {
  if (given.cancel_at_period_end && given.cancel_at !== undefined)
    throw invalidRequest(
      'You may only specify one of these parameters: cancel_at_period_end, cancel_at.',
      'cancel_at',
      'parameters_exclusive',
    );
  if (given.cancel_at_period_end)
    Object.assign(subscription, {
      cancel_at: end,
      cancel_at_period_end: true,
      canceled_at: subscription.created,
    });
  if (given.cancel_at !== undefined)
    subscription.cancel_at = typeof given.cancel_at === 'number' ? given.cancel_at : end;
}

function firstInvoice(
  books: Books,
  subscription: Subscription,
  given: CreateSubscription,
  options: SubscribeOptions,
): void {
  const period = periodOf(subscription);
  const trialing = subscription.status === 'trialing';
  // What is used is billed afterwards, and in flexible billing mode there is no line before.
  const licensed = subscription.items.data.filter((item) => !isMetered(item));
  const lines = trialing
    ? licensed.map((item) => trialLine(books, subscription, item, period))
    : firstLines(books, subscription, given);
  const invoice = billFor(books, subscription, 'subscription_create', lines);
  if (trialing) {
    if (invoice) finalize(books, invoice);
    if (!payingMethod(books, subscription.customer, subscription.default_payment_method))
      books.change<'subscription'>(subscription, {
        pending_setup_intent: createSetupIntent(books, subscription.customer).id,
      });
    return;
  }
  if (!invoice || subscription.collection_method === 'send_invoice') {
    if (invoice) finalizeLater(books, invoice);
    activate(books, subscription);
    return;
  }
  if (finalize(books, invoice).status === 'open') payFirst(books, invoice, given, options);
  else activate(books, subscription);
}

function firstLines(books: Books, subscription: Subscription, given: CreateSubscription) {
  const period = periodOf(subscription);
  if (given.billing_cycle_anchor === undefined || given.billing_cycle_anchor <= period.start)
    return linesForPeriod(books, subscription, period);
  if (given.proration_behavior === 'none') return [];
  const { interval, interval_count: count } = subscription.items.data[0]!.price.recurring!;
  const whole = nextBoundary(period.end, interval as Interval, count, period.end) - period.end;
  const share = Math.min(1, (period.end - period.start) / whole);
  return subscription.items.data
    .filter((item) => !isMetered(item))
    .map((item) => itemLine(books, subscription, item, period, share));
}

function activate(books: Books, subscription: Subscription): void {
  books.change<'subscription'>(subscription, { status: 'active' }, 'customer.subscription.updated');
}

/** `payment_behavior`: https://docs.stripe.com/billing/subscriptions/overview#payment-behavior */
function payFirst(
  books: Books,
  invoice: Invoice,
  given: CreateSubscription,
  { authenticated }: SubscribeOptions,
): void {
  const behavior = given.payment_behavior ?? 'allow_incomplete';
  if (behavior === 'default_incomplete') return;
  if (behavior === 'pending_if_incomplete')
    throw invalidRequest(
      'Cannot use `pending_if_incomplete` when creating a subscription.',
      'payment_behavior',
    );
  const result = collect(books, invoice, { authenticated, offSession: given.off_session });
  if (result.kind === 'paid') return;
  const hasNoCard = result.refusal.body.code === 'resource_missing';
  if (behavior === 'error_if_incomplete' || hasNoCard) throw incomplete(result.refusal);
}
