import type { Books } from '../books.js';
import type { Invoice, InvoiceLine, Subscription } from '../kinds.js';
import { periodOf } from '../objects/subscription-shape.js';
import type { Period } from '../objects/subscription-shape.js';
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
  period: Period = usagePeriod(books, subscription, reason),
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
      period,
      autoAdvance: collects(subscription),
    },
    reason !== 'subscription_cycle',
  );
  claimItems(books, pending, invoice.id);
  return invoice;
}

/**
 * An invoice's period is the time whose usage and changes it collects, not what its lines pay for:
 * https://docs.stripe.com/api/invoices/object#invoice_object-period_end
 */
function usagePeriod(books: Books, subscription: Subscription, reason: string): Period {
  const end = books.now(subscription.customer);
  return { start: reason === 'subscription_create' ? end : Math.min(end, periodOf(subscription).start), end };
}

/** A renewal's invoice: a draft for an hour, and for good while nothing is collected. */
export function billCycle(
  books: Books,
  subscription: Subscription,
  lines: InvoiceLine[],
  before: Period,
): Invoice | undefined {
  const invoice = billFor(books, subscription, 'subscription_cycle', lines, before);
  if (invoice && collects(subscription)) finalizeLater(books, invoice);
  return invoice;
}

/** An unpaid subscription's invoices wait as drafts, and those of a collection that is paused so. */
function collects({ status, pause_collection: paused }: Subscription): boolean {
  return status !== 'unpaid' && paused?.behavior !== 'keep_as_draft';
}
