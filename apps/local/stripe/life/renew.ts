import type { Books } from '../books.js';
import { nextBoundary } from '../clock.js';
import type { Interval } from '../clock.js';
import type { Subscription } from '../kinds.js';
import { payingMethod } from '../objects/payment-methods.js';
import { inPeriod, periodOf } from '../objects/subscription-shape.js';
import { expirePending } from './aftermath.js';
import { billCycle } from './bill.js';
import { end } from './cancel.js';
import { markUncollectible, voidInvoice, collect } from './collection.js';
import { finalize } from './invoicing.js';
import { linesForPeriod } from './lines.js';
import { lastUses } from './usage.js';
import { pause } from './pause.js';
import { tellOfChange } from './tell.js';
import { endTrial } from './trial.js';
import { clone } from '../wire.js';

/** A period is over: it ends with it, or the next one begins with an invoice that stays a draft for an hour. */
export function renew(books: Books, subscription: Subscription): void {
  if (subscription.cancel_at_period_end) return endInTime(books, subscription);
  const before = periodOf(subscription);
  const { interval, interval_count: count } = subscription.items.data[0]!.price.recurring!;
  const period = {
    start: before.end,
    end: nextBoundary(subscription.billing_cycle_anchor, interval as Interval, count, before.end),
  };
  const was = clone(subscription);
  books.change<'subscription'>(subscription, { items: inPeriod(subscription, period) });
  billCycle(books, subscription, linesForPeriod(books, subscription, period, before), before);
  tellOfChange(books, subscription, was);
}

/**
 * Over when it was to be: what was used until then, and what still waited to be billed, is billed in a last invoice
 * (docs.stripe.com/api/subscriptions/cancel, docs.stripe.com/billing/subscriptions/usage-based/manage-billing-setup).
 */
export function endInTime(books: Books, subscription: Subscription): void {
  const period = { start: periodOf(subscription).start, end: books.now(subscription.customer) };
  const uses = lastUses(books, subscription, period);
  end(books, subscription, 'cancellation_requested');
  billCycle(books, subscription, uses, period);
}

/** Without a card the trial's settings decide: https://docs.stripe.com/billing/subscriptions/trials */
export function trialOver(books: Books, subscription: Subscription): void {
  if (subscription.cancel_at_period_end) return endInTime(books, subscription);
  const hasCard =
    payingMethod(books, subscription.customer, subscription.default_payment_method) !== undefined;
  const behavior = subscription.trial_settings?.end_behavior.missing_payment_method;
  if (!hasCard && behavior === 'cancel') return void end(books, subscription, 'cancellation_requested');
  if (!hasCard && behavior === 'pause')
    return void pause(books, subscription, 'trial_end_without_payment_method');
  const was = clone(subscription);
  const lines = endTrial(books, subscription);
  billCycle(books, subscription, lines, periodOf(was));
  tellOfChange(books, subscription, was);
}

/** The hour of a draft is over. */
export function finalizeDue(books: Books, invoiceId: string): void {
  const invoice = books.need('invoice', invoiceId);
  const subscription = books.store.get(
    'subscription',
    invoice.parent?.subscription_details?.subscription ?? '',
  );
  const paused = subscription?.pause_collection?.behavior;
  finalize(books, invoice);
  if (invoice.status !== 'open') return;
  if (paused === 'void') voidInvoice(books, invoice);
  else if (paused === 'mark_uncollectible') markUncollectible(books, invoice);
  else if (invoice.collection_method === 'charge_automatically')
    collect(books, invoice, { offSession: true });
}

/** 23 hours without the first payment. */
export function expireIncomplete(books: Books, subscription: Subscription): void {
  const invoice = books.store.get('invoice', subscription.latest_invoice ?? '');
  if (invoice?.status === 'open') voidInvoice(books, invoice);
  books.change<'subscription'>(
    subscription,
    { ended_at: books.now(subscription.customer), status: 'incomplete_expired' },
    'customer.subscription.updated',
  );
}

export function expirePendingUpdate(books: Books, subscription: Subscription): void {
  const { pending } = books.store.notes(subscription.id);
  const invoice = books.store.get('invoice', pending?.invoice ?? '');
  expirePending(books, subscription);
  if (invoice?.status === 'open') voidInvoice(books, invoice);
}
