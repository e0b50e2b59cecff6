import type { Books } from '../books.js';
import type { Kinds, Subscription, SubscriptionItem } from '../kinds.js';
import { createInvoiceItem } from '../objects/invoice-items.js';
import { periodOf } from '../objects/subscription-shape.js';
import { amountOf, shownDate } from './amounts.js';
import { productName } from './lines.js';

/** What of a period is left at a time: https://docs.stripe.com/billing/subscriptions/prorations, by the second. */
function shareLeft(period: { start: number; end: number }, time: number): number {
  const length = period.end - period.start;
  if (length <= 0) return 0;
  return Math.min(1, Math.max(0, (period.end - time) / length));
}

/** Pays back what was paid ahead for the items as they were. */
export function creditUnused(
  books: Books,
  subscription: Subscription,
  items: SubscriptionItem[],
  time: number,
): Kinds['invoiceitem'][] {
  const period = periodOf(subscription);
  const share = shareLeft(period, time);
  return licensed(items).map((item) =>
    prorationItem(books, subscription, item, {
      amount: -Math.round(amountOf(item.price, item.quantity ?? 1) * share) || 0,
      description: `Unused time on ${named(books, item)} after ${shownDate(time)}`,
      period: { start: time, end: period.end },
    }),
  );
}

/** Bills what is left of the period for the items as they are now. */
export function debitRemaining(
  books: Books,
  subscription: Subscription,
  items: SubscriptionItem[],
  time: number,
): Kinds['invoiceitem'][] {
  const period = periodOf(subscription);
  const share = shareLeft(period, time);
  return licensed(items).map((item) =>
    prorationItem(books, subscription, item, {
      amount: Math.round(amountOf(item.price, item.quantity ?? 1) * share),
      description: `Remaining time on ${named(books, item)} after ${shownDate(time)}`,
      period: { start: time, end: period.end },
    }),
  );
}

function licensed(items: SubscriptionItem[]): SubscriptionItem[] {
  return items.filter((item) => item.price.recurring?.usage_type !== 'metered' && (item.quantity ?? 1) > 0);
}

function named(books: Books, item: SubscriptionItem): string {
  const quantity = item.quantity ?? 1;
  return quantity === 1 ? productName(books, item.price) : `${quantity} × ${productName(books, item.price)}`;
}

function prorationItem(
  books: Books,
  subscription: Subscription,
  item: SubscriptionItem,
  {
    amount,
    description,
    period,
  }: { amount: number; description: string; period: { start: number; end: number } },
): Kinds['invoiceitem'] {
  return createInvoiceItem(books, {
    ...{ amount, description, period, currency: item.price.currency, customer: subscription.customer },
    ...{ price: item.price, quantity: item.quantity ?? 1, proration: true },
    ...{ subscription: subscription.id, subscriptionItem: item.id },
  });
}
