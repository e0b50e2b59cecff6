import type { Books } from '../books.js';
import type { Invoice, InvoiceLine, Subscription } from '../kinds.js';
import { periodOf } from '../objects/subscription-shape.js';
import { draftInvoice, finalizeLater } from './invoicing.js';
import { claimItems, lineOfInvoiceItem, pendingItems } from './lines.js';

/**
 * A draft of these lines and of everything that waits for the subscription's next invoice. Undefined when there is
 * nothing to bill.
 */
export function billFor(
  books: Books,
  subscription: Subscription,
  reason: 'subscription_create' | 'subscription_cycle' | 'subscription_update',
  lines: InvoiceLine[],
): Invoice | undefined {
  const customer = books.customer(subscription.customer);
  const pending = pendingItems(books, customer.id, subscription.id);
  const all = [...pending.map((item) => lineOfInvoiceItem(books, item)), ...lines];
  if (all.length === 0) return undefined;
  const invoice = draftInvoice(
    books,
    {
      customer,
      subscription,
      reason,
      lines: all,
      period: periodOf(subscription),
      autoAdvance: collects(subscription),
    },
    reason !== 'subscription_cycle',
  );
  claimItems(books, pending, invoice.id);
  return invoice;
}

/** A renewal's invoice: a draft for an hour, and for good while nothing is collected. */
export function billCycle(
  books: Books,
  subscription: Subscription,
  lines: InvoiceLine[],
): Invoice | undefined {
  const invoice = billFor(books, subscription, 'subscription_cycle', lines);
  if (invoice && collects(subscription)) finalizeLater(books, invoice);
  return invoice;
}

/** An unpaid subscription's invoices wait as drafts, and those of a collection that is paused so. */
function collects({ status, pause_collection: paused }: Subscription): boolean {
  return status !== 'unpaid' && paused?.behavior !== 'keep_as_draft';
}
