import type { Books } from '../books.js';
import { DAY } from '../clock.js';
import { declined, invalidRequest, StripeRefusal } from '../errors.js';
import type { Invoice, PaymentMethod } from '../kinds.js';
import { cancelIntent, confirm } from '../objects/payment-intents.js';
import { payingMethod } from '../objects/payment-methods.js';
import { markPaid, paymentOf, subscriptionOf } from './invoicing.js';
import { clone } from '../wire.js';

export interface Attempt {
  method?: PaymentMethod;
  offSession?: boolean;
  authenticated?: boolean;
}

/** How an attempt ended; `refusal` is what Stripe answers to whoever asked for it. */
export type Result =
  { kind: 'paid' } | { kind: 'failed'; refusal: StripeRefusal } | { kind: 'action'; refusal: StripeRefusal };

/** Tries to get the money of an open invoice, with the subscription's card or the customer's. */
export function collect(books: Books, invoice: Invoice, attempt: Attempt = {}): Result {
  const subscription = books.store.get('subscription', subscriptionOf(invoice) ?? '');
  const own = invoice.default_payment_method ?? subscription?.default_payment_method;
  const method = attempt.method ?? payingMethod(books, invoice.customer!, own);
  if (!method) return failed(books, invoice, noMethod());
  const intent = books.need('payment_intent', paymentOf(books, invoice.id)?.payment.payment_intent ?? '');
  const outcome = confirm(books, intent, method, attempt);
  if (outcome.kind === 'paid') {
    books.change<'invoice'>(invoice, { attempt_count: invoice.attempt_count + 1, attempted: true });
    markPaid(books, invoice);
    return { kind: 'paid' };
  }
  if (outcome.kind === 'action') return needsAction(books, invoice, intent);
  const details = {
    charge: outcome.charge.id,
    payment_intent: clone(intent),
    payment_method: clone(method),
  };
  return failed(books, invoice, declined(outcome.declineCode, details));
}

function needsAction(books: Books, invoice: Invoice, intent: object): Result {
  books.change<'invoice'>(invoice, { attempted: true });
  books.emit('invoice.payment_action_required', invoice);
  books.settled(invoice, 'action');
  const refusal = new StripeRefusal(
    402,
    {
      type: 'invalid_request_error',
      code: 'invoice_payment_intent_requires_action',
      message: 'This payment requires additional user action before it can be completed successfully.',
      payment_intent: clone(intent),
    },
    true,
  );
  return { kind: 'action', refusal };
}

/**
 * What `error_if_incomplete` answers where this attempt failed; nothing of it stays:
 * https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior. The code for a card that wants a
 * person is in no list of the SDK's; Stripe sends it all the same.
 */
export function incomplete({ status, body }: StripeRefusal): StripeRefusal {
  return body.code === 'invoice_payment_intent_requires_action'
    ? new StripeRefusal(402, { ...body, code: 'subscription_payment_intent_requires_action' })
    : new StripeRefusal(status, body);
}

/** The next attempt follows the retry schedule; after the last one the account's setting decides. */
function failed(books: Books, invoice: Invoice, refusal: StripeRefusal): Result {
  const attempts = invoice.attempt_count + 1;
  const retries =
    invoice.collection_method === 'charge_automatically' &&
    invoice.billing_reason !== 'subscription_create' &&
    Boolean(invoice.auto_advance);
  const days = retries ? books.settings.retry_days[attempts - 1] : undefined;
  books.change<'invoice'>(
    invoice,
    {
      attempt_count: attempts,
      attempted: true,
      next_payment_attempt: days === undefined ? null : books.now(invoice.customer) + days * DAY,
    },
    'invoice.updated',
  );
  books.emit('invoice.payment_failed', invoice);
  if (refusal.body.code === 'authentication_required') books.emit('invoice.payment_action_required', invoice);
  books.settled(invoice, 'failed');
  if (retries && days === undefined) books.settled(invoice, 'exhausted');
  return { kind: 'failed', refusal };
}

function noMethod(): StripeRefusal {
  return new StripeRefusal(
    400,
    {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message:
        'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
    },
    true,
  );
}

/** Throws what Stripe answers when somebody asked for this payment. */
export function collectOrThrow(books: Books, invoice: Invoice, attempt: Attempt = {}): Invoice {
  if (invoice.status === 'paid')
    throw invalidRequest('Invoice is already paid', undefined, 'invoice_already_paid');
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible')
    throw invalidRequest(
      `You can only pay an open invoice, this one is ${invoice.status}.`,
      undefined,
      'invoice_not_editable',
    );
  const result = collect(books, invoice, attempt);
  if (result.kind !== 'paid') throw result.refusal;
  return invoice;
}

export function voidInvoice(books: Books, invoice: Invoice): Invoice {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible')
    throw invalidRequest(
      `You can only pass in open invoices. This invoice isn't open.`,
      undefined,
      'invoice_not_editable',
    );
  const now = books.now(invoice.customer);
  endPayment(books, invoice, now);
  books.change<'invoice'>(
    invoice,
    {
      next_payment_attempt: null,
      status: 'void',
      status_transitions: { ...invoice.status_transitions, voided_at: now },
    },
    'invoice.voided',
  );
  books.settled(invoice, 'voided');
  return invoice;
}

export function markUncollectible(
  books: Books,
  invoice: Invoice,
  reason:
    | 'max_payment_attempts'
    | 'subscription_canceled'
    | 'subscription_paused'
    | 'user_forgiven' = 'user_forgiven',
): Invoice {
  if (invoice.status !== 'open')
    throw invalidRequest(
      `You can only mark open invoices as uncollectible. This invoice isn't open.`,
      undefined,
      'invoice_not_editable',
    );
  const now = books.now(invoice.customer);
  return books.change<'invoice'>(
    invoice,
    {
      next_payment_attempt: null,
      status: 'uncollectible',
      status_details: { uncollectible: { reason } },
      status_transitions: { ...invoice.status_transitions, marked_uncollectible_at: now },
    },
    'invoice.marked_uncollectible',
  );
}

function endPayment(books: Books, invoice: Invoice, now: number): void {
  const payment = paymentOf(books, invoice.id);
  if (!payment || payment.status !== 'open') return;
  cancelIntent(books, payment.payment.payment_intent ?? '', 'void_invoice');
  books.change<'invoice_payment'>(payment, {
    status: 'canceled',
    status_transitions: { canceled_at: now, paid_at: null },
  });
}
