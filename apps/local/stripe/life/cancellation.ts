import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import type { Subscription } from '../kinds.js';
import type { UpdateSubscription } from '../objects/subscription-params.js';
import { periodOf } from '../objects/subscription-shape.js';

/**
 * `cancel_at_period_end` also sets `cancel_at`, but `cancel_at` may be set without it:
 * https://docs.stripe.com/api/subscriptions/object#subscription_object-cancel_at. An update takes one of the two, also
 * where one is only cleared, and its refusal has no code; `cancel_at_period_end: false` takes back an end with the period,
 * `cancel_at: ''` any.
 */
export function withCancellation(books: Books, subscription: Subscription, given: UpdateSubscription): void {
  const { cancel_at: at, cancel_at_period_end: atEnd, cancellation_details: details } = given;
  if (atEnd !== undefined && at !== undefined)
    throw invalidRequest(
      'Received both cancel_at_period_end and cancel_at parameters. Please pass in only one.',
    );
  const now = books.now(subscription.customer);
  const { end } = periodOf(subscription);
  if (details) comment(books, subscription, details);
  if (atEnd === true)
    return cancelAt(books, subscription, { at: end, atEnd: true, asked: subscription.canceled_at ?? now });
  if (at === 'max_period_end' || at === 'min_period_end')
    return cancelAt(books, subscription, { at: end, atEnd: false, asked: now });
  if (typeof at === 'number') {
    if (at <= now) throw invalidRequest('Invalid timestamp: `cancel_at` must be in the future.', 'cancel_at');
    return cancelAt(books, subscription, { at, atEnd: false, asked: now });
  }
  const isWithPeriod = subscription.cancel_at_period_end || subscription.cancel_at === end;
  if (at === null || (atEnd === false && isWithPeriod))
    cancelAt(books, subscription, { at: null, atEnd: false, asked: null });
}

function cancelAt(
  books: Books,
  subscription: Subscription,
  { at, atEnd, asked }: { at: number | null; atEnd: boolean; asked: number | null },
): void {
  const details = subscription.cancellation_details ?? {
    comment: null,
    feedback: null,
    feedback_option: null,
    reason: null,
  };
  books.change<'subscription'>(subscription, {
    cancel_at: at,
    cancel_at_period_end: atEnd,
    canceled_at: asked,
    cancellation_details: { ...details, reason: at === null ? null : 'cancellation_requested' },
  });
}

function comment(
  books: Books,
  subscription: Subscription,
  given: NonNullable<UpdateSubscription['cancellation_details']>,
): void {
  const before = subscription.cancellation_details;
  books.change<'subscription'>(subscription, {
    cancellation_details: {
      comment: given.comment === undefined ? (before?.comment ?? null) : given.comment,
      feedback: given.feedback === undefined ? (before?.feedback ?? null) : given.feedback,
      feedback_option: null,
      reason: before?.reason ?? null,
    },
  });
}
