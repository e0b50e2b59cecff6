import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import type { Invoice, Subscription } from '../kinds.js';
import type { CancelSubscription } from '../objects/subscription-params.js';
import { billFor } from './bill.js';
import { collect, voidInvoice } from './collection.js';
import { finalize, subscriptionOf } from './invoicing.js';
import { periodOf } from '../objects/subscription-shape.js';
import { prorate } from './prorations.js';
import { lastUses } from './usage.js';

type Reason =
  'canceled_by_retention_policy' | 'cancellation_requested' | 'payment_disputed' | 'payment_failed';

const ENDED = ['canceled', 'incomplete_expired'];

export function isEnded(subscription: Subscription): boolean {
  return ENDED.includes(subscription.status);
}

/** DELETE /v1/subscriptions/:id: at once. https://docs.stripe.com/api/subscriptions/cancel */
export function cancelNow(books: Books, subscription: Subscription, given: CancelSubscription): Subscription {
  if (isEnded(subscription))
    throw invalidRequest(`No such subscription: '${subscription.id}'`, 'id', 'resource_missing', 404);
  if (given.prorate && subscription.status !== 'trialing')
    prorate(books, subscription, 'unused', {
      items: subscription.items.data,
      time: books.now(subscription.customer),
    });
  if (given.invoice_now || given.prorate) {
    const { start } = periodOf(subscription);
    const uses = given.invoice_now
      ? lastUses(books, subscription, { start, end: books.now(subscription.customer) })
      : [];
    const invoice = billFor(books, subscription, 'subscription_update', uses);
    if (invoice && finalize(books, invoice).status === 'open') collect(books, invoice, { offSession: true });
  }
  return end(books, subscription, 'cancellation_requested', given.cancellation_details);
}

/** Over: nothing of it is billed any more, and what is open is not asked for again. */
export function end(
  books: Books,
  subscription: Subscription,
  reason: Reason,
  details: CancelSubscription['cancellation_details'] = {},
): Subscription {
  const now = books.now(subscription.customer);
  const asked = subscription.cancellation_details;
  stopInvoices(books, subscription);
  releaseSchedule(books, subscription, now);
  books.change<'subscription'>(subscription, {
    cancel_at_period_end: subscription.cancel_at_period_end,
    canceled_at: subscription.canceled_at ?? now,
    cancellation_details: {
      comment: details.comment ?? asked?.comment ?? null,
      feedback: details.feedback ?? asked?.feedback ?? null,
      feedback_option: null,
      reason: asked?.reason ?? reason,
    },
    ended_at: now,
    pending_update: null,
    status: 'canceled',
  });
  delete subscription.status_details;
  books.emit('customer.subscription.deleted', subscription);
  return subscription;
}

export function cancelAll(books: Books, customer: string): void {
  for (const one of books.store.all('subscription'))
    if (one.customer === customer && !isEnded(one)) end(books, one, 'cancellation_requested');
}

function stopInvoices(books: Books, subscription: Subscription): void {
  for (const invoice of invoicesOf(books, subscription.id)) {
    if (invoice.status === 'open' && subscription.status === 'incomplete') voidInvoice(books, invoice);
    else if (invoice.status === 'open' || invoice.status === 'draft')
      books.change<'invoice'>(
        invoice,
        { auto_advance: false, automatically_finalizes_at: null, next_payment_attempt: null },
        'invoice.updated',
      );
  }
}

function invoicesOf(books: Books, subscription: string): Invoice[] {
  return books.store.all('invoice').filter((one) => subscriptionOf(one) === subscription);
}

function releaseSchedule(books: Books, subscription: Subscription, now: number): void {
  const schedule = books.store.get('subscription_schedule', subscription.schedule ?? '');
  if (schedule && (schedule.status === 'active' || schedule.status === 'not_started'))
    books.change<'subscription_schedule'>(
      schedule,
      { canceled_at: now, current_phase: null, status: 'canceled' },
      'subscription_schedule.canceled',
    );
}
