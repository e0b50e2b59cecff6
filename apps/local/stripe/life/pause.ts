import type { Books } from '../books.js';
import { nextBoundary } from '../clock.js';
import type { Interval } from '../clock.js';
import { invalidRequest, StripeRefusal } from '../errors.js';
import type { Subscription } from '../kinds.js';
import type { ResumeSubscription } from '../objects/subscription-params.js';
import { inPeriod, periodOf } from '../objects/subscription-shape.js';
import { billFor } from './bill.js';
import { collect } from './collection.js';
import { finalize } from './invoicing.js';
import { linesForPeriod } from './lines.js';

export type PauseReason =
  | 'final_payment_failure'
  | 'first_payment_failure'
  | 'pause_requested'
  | 'system'
  | 'trial_end_without_payment_method';

/** Status `paused`, with why: no invoices until it is resumed. https://docs.stripe.com/billing/subscriptions/pause */
export function pause(books: Books, subscription: Subscription, reason: PauseReason): Subscription {
  if (!['active', 'past_due', 'trialing', 'unpaid', 'incomplete'].includes(subscription.status))
    throw invalidRequest(`You cannot pause a subscription whose status is \`${subscription.status}\`.`);
  books.change<'subscription'>(
    subscription,
    {
      status: 'paused',
      status_details: {
        paused: {
          subscription: { type: reason },
          transitioned_at: books.now(subscription.customer),
          type: 'subscription',
        },
      },
    },
    'customer.subscription.updated',
  );
  books.emit('customer.subscription.paused', subscription);
  return subscription;
}

/**
 * POST /v1/subscriptions/:id/resume: a new period begins, and it is active again once that is paid, which only
 * `resume_on_payment_success` tries at once: https://docs.stripe.com/api/subscriptions/resume
 */
export function resume(books: Books, subscription: Subscription, given: ResumeSubscription): Subscription {
  if (subscription.status !== 'paused')
    throw invalidRequest('You can only resume a subscription whose status is `paused`.');
  const now = books.now(subscription.customer);
  const unchanged = given.billing_cycle_anchor?.type === 'unchanged' && periodOf(subscription).end > now;
  const { interval, interval_count: count } = subscription.items.data[0]!.price.recurring!;
  const period = unchanged
    ? periodOf(subscription)
    : { start: now, end: nextBoundary(now, interval as Interval, count, now) };
  if (!unchanged)
    books.change<'subscription'>(subscription, {
      billing_cycle_anchor: now,
      items: inPeriod(subscription, period),
    });
  const lines = unchanged ? [] : linesForPeriod(books, subscription, period);
  const invoice = billFor(books, subscription, 'subscription_update', lines);
  if (!invoice) return resumed(books, subscription);
  const waits = given.payment_behavior !== 'resume_on_payment_success';
  books.store.note(subscription.id, { resumes_with: invoice.id, resumes_on_attempt: waits });
  if (finalize(books, invoice).status !== 'open' || waits) return subscription;
  const result = collect(books, invoice);
  if (result.kind !== 'paid' && result.refusal.body.code === 'resource_missing')
    throw new StripeRefusal(result.refusal.status, result.refusal.body);
  return subscription;
}

export function resumed(books: Books, subscription: Subscription): Subscription {
  books.store.note(subscription.id, { resumes_with: undefined, resumes_on_attempt: undefined });
  books.change<'subscription'>(subscription, { status: 'active' }, undefined);
  delete subscription.status_details;
  books.emit('customer.subscription.updated', subscription, { status: 'paused' });
  books.emit('customer.subscription.resumed', subscription);
  return subscription;
}
