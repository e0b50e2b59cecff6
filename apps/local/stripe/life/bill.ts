import type { Books } from '../books.js';
import type { Invoice, InvoiceLine, Subscription } from '../kinds.js';
import { periodOf } from '../objects/subscription-shape.js';
import { draftInvoice, finalizeLater, recompute } from './invoicing.js';
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

/** A renewal's invoice: a draft for an hour, unless collection is paused. */
export function billCycle(
  books: Books,
  subscription: Subscription,
  lines: InvoiceLine[],
): Invoice | undefined {
  const invoice = billFor(books, subscription, 'subscription_cycle', lines);
  if (!invoice) return undefined;
  recompute(books, invoice);
  if (collects(subscription) || subscription.pause_collection?.behavior !== 'keep_as_draft')
    finalizeLater(books, invoice);
  return invoice;
}

/** An unpaid subscription's invoices wait as drafts, and so do those of a paused collection. */
function collects(subscription: Subscription): boolean {
  return subscription.status !== 'unpaid' && subscription.pause_collection === null;
}
