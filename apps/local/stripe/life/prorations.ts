import type { Books } from '../books.js';
import type { Kinds, Subscription, SubscriptionItem } from '../kinds.js';
import { createInvoiceItem } from '../objects/invoice-items.js';
import { periodOf } from '../objects/subscription-shape.js';
import { amountOf, shownDate } from './amounts.js';
import { productName } from './parts-of-lines.js';
import { isMetered, usageLines } from './usage.js';

/** What of a period is left at a time: https://docs.stripe.com/billing/subscriptions/prorations, by the second. */
function shareLeft(period: { start: number; end: number }, time: number): number {
  const length = period.end - period.start;
  if (length <= 0) return 0;
  return Math.min(1, Math.max(0, (period.end - time) / length));
}

/**
 * Splits the period of these items at `time`. `unused`: pays back what was paid ahead for them as they were. `remaining`:
 * bills what is left of it for them as they are now.
 */
export function prorate(
  books: Books,
  subscription: Subscription,
  part: 'unused' | 'remaining',
  { items, time }: { items: SubscriptionItem[]; time: number },
): Kinds['invoiceitem'][] {
  const period = periodOf(subscription);
  const share = shareLeft(period, time);
  const [sign, word] = part === 'unused' ? [-1, 'Unused'] : [1, 'Remaining'];
  return licensed(items).map((item) =>
    prorationItem(books, subscription, item, {
      // Nothing is 0 with either sign, never -0.
      amount: sign * Math.round(amountOf(item.price, item.quantity ?? 1) * share) || 0,
      description: `${word} time on ${named(books, item)} after ${shownDate(time)}`,
      period: { start: time, end: period.end },
    }),
  );
}

/**
 * A price of uses that goes is billed for what was used until then, one that comes counts from then on
 * (docs.stripe.com/billing/subscriptions/usage-based/manage-billing-setup, of flexible billing mode).
 */
export function billUses(books: Books, subscription: Subscription, items: SubscriptionItem[]): void {
  const end = books.now(subscription.customer);
  for (const item of items) {
    const lines = usageLines(books, subscription, item, { start: item.current_period_start, end });
    for (const line of lines.filter(({ quantity }) => quantity !== 0))
      createInvoiceItem(books, {
        ...{ amount: line.amount, currency: line.currency, description: line.description },
        ...{ customer: subscription.customer, period: line.period, price: item.price },
        ...{ quantity: line.quantity ?? 0, subscription: subscription.id, subscriptionItem: item.id },
      });
  }
}

function licensed(items: SubscriptionItem[]): SubscriptionItem[] {
  return items.filter((item) => !isMetered(item) && (item.quantity ?? 1) > 0);
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
