import type { Books } from '../books.js';
import type { InvoiceLine, Kinds, Subscription, SubscriptionItem } from '../kinds.js';
import { invoiceLine } from '../objects/invoice-shape.js';
import type { Period } from '../objects/subscription-shape.js';
import { amountOf, shownPrice } from './amounts.js';
import { itemParent, productName } from './parts-of-lines.js';
import { isMetered, usageLines } from './usage.js';

/** What a subscription costs for a whole period, in advance; usage is billed in arrears, for the period before. */
export function linesForPeriod(
  books: Books,
  subscription: Subscription,
  period: Period,
  before?: Period,
): InvoiceLine[] {
  return subscription.items.data.flatMap((item) => {
    if (!isMetered(item)) return [itemLine(books, subscription, item, period, 1)];
    return before ? usageLines(books, subscription, item, before) : [];
  });
}

/** `share` of the price, for a first period that is shorter than the others. */
export function itemLine(
  books: Books,
  subscription: Subscription,
  item: SubscriptionItem,
  period: Period,
  share: number,
): InvoiceLine {
  const quantity = item.quantity ?? 1;
  return invoiceLine({
    amount: share === 1 ? amountOf(item.price, quantity) : Math.round(amountOf(item.price, quantity) * share),
    currency: item.price.currency,
    description: `${quantity} × ${productName(books, item.price)} (at ${shownPrice(item.price)})`,
    period,
    price: item.price,
    quantity,
    parent: itemParent(subscription, item),
    subscription: subscription.id,
  });
}

export function trialLine(
  books: Books,
  subscription: Subscription,
  item: SubscriptionItem,
  period: Period,
): InvoiceLine {
  return invoiceLine({
    amount: 0,
    currency: item.price.currency,
    description: `Trial period for ${productName(books, item.price)}`,
    period,
    price: item.price,
    quantity: item.quantity ?? 1,
    parent: itemParent(subscription, item),
    subscription: subscription.id,
  });
}

/** A pending invoice item becomes a line of the next invoice. */
export function lineOfInvoiceItem(books: Books, item: Kinds['invoiceitem']): InvoiceLine {
  const price = books.store.get('price', item.pricing?.price_details?.price ?? '');
  return invoiceLine({
    amount: item.amount,
    currency: item.currency,
    description: item.description ?? '',
    period: { start: item.period.start, end: item.period.end },
    ...(price ? { price } : {}),
    quantity: item.quantity,
    metadata: item.metadata ?? {},
    parent: {
      invoice_item_details: {
        ...{ invoice_item: item.id, proration: item.proration, proration_details: { credited_items: null } },
        subscription: item.parent?.subscription_details?.subscription ?? null,
      },
      subscription_item_details: null,
      type: 'invoice_item_details',
    },
    subscription: item.parent?.subscription_details?.subscription ?? null,
    discountable: item.discountable,
  });
}

/** Everything that waits for this subscription's next invoice, or for the customer's. */
export function pendingItems(
  books: Books,
  customer: string,
  subscription: string | undefined,
): Kinds['invoiceitem'][] {
  return books.store
    .all('invoiceitem')
    .filter((one) => one.customer === customer && one.invoice === null)
    .filter((one) => {
      const of = one.parent?.subscription_details?.subscription ?? null;
      return of === null || of === subscription;
    });
}

export function claimItems(books: Books, items: Kinds['invoiceitem'][], invoice: string): void {
  for (const item of items) books.change<'invoiceitem'>(item, { invoice });
}
