import type { Books, EventType } from '../books.js';
import { DAY } from '../clock.js';
import { invalidRequest, rateLimited } from '../errors.js';
import type { Invoice, Kinds } from '../kinds.js';
import { emptyInvoice } from '../objects/invoice-shape.js';
import type { InvoiceDraft } from '../objects/invoice-shape.js';
import { createIntent } from '../objects/payment-intents.js';
import { newId } from '../store.js';
import { sums } from './amounts.js';
import { giveUpTax, taxOn } from './tax.js';
import { countAgain } from './usage.js';

/** Stripe's own limits for one subscription: https://docs.stripe.com/rate-limits */
const INVOICES_PER_MINUTE = 10;
const INVOICES_PER_DAY = 20;

/** Makes a draft of these lines; what it comes to is known at once. `limited`: somebody asked for it. */
export function draftInvoice(books: Books, draft: InvoiceDraft, limited = true): Invoice {
  if (draft.subscription && limited) countInvoice(books, draft.subscription.id, books.now(draft.customer.id));
  const invoice = emptyInvoice(books, draft);
  invoice.lines = {
    ...invoice.lines,
    url: `/v1/invoices/${invoice.id}/lines`,
    data: invoice.lines.data.map((line) => ({ ...line, invoice: invoice.id })),
  };
  const { sums: amounts, lines } = sums(books, invoice);
  Object.assign(invoice, amounts, { lines: { ...invoice.lines, data: lines } });
  if (invoice.collection_method === 'send_invoice')
    invoice.due_date =
      invoice.created + (draft.daysUntilDue ?? draft.subscription?.days_until_due ?? 30) * DAY;
  books.add<'invoice'>(invoice, 'invoice.created');
  if (draft.subscription) books.change<'subscription'>(draft.subscription, { latest_invoice: invoice.id });
  if (draft.customer.currency === null)
    books.change<'customer'>(draft.customer, { currency: invoice.currency });
  return invoice;
}

function countInvoice(books: Books, subscription: string, now: number): void {
  const today = (books.store.notes(subscription).invoiced_at ?? []).filter((time) => time > now - DAY);
  const lastMinute = today.filter((time) => time > now - 60).length;
  if (lastMinute >= INVOICES_PER_MINUTE || today.length >= INVOICES_PER_DAY)
    throw rateLimited(
      `You have exceeded the number of invoices that can be created for the subscription '${subscription}': ${INVOICES_PER_MINUTE} per minute, ${INVOICES_PER_DAY} per day.`,
    );
  books.store.note(subscription, { invoiced_at: [...today, now] });
}

/** Leaves it a draft for an hour, as Stripe does with renewals, so that lines can still be added. */
export function finalizeLater(books: Books, invoice: Invoice): void {
  const at = invoice.created + books.settings.draft_seconds;
  books.change<'invoice'>(invoice, { automatically_finalizes_at: at });
}

/** Recomputes a draft whose lines, discounts or customer changed. */
export function recompute(books: Books, invoice: Invoice, type?: EventType): void {
  books.change<'invoice'>(invoice, {
    automatic_tax: taxOn(books.customer(invoice.customer!), invoice.automatic_tax.enabled),
  });
  const { sums: amounts, lines } = sums(books, invoice);
  books.change<'invoice'>(invoice, { ...amounts, lines: { ...invoice.lines, data: lines } }, type);
}

/**
 * From draft to open: the customer's balance is used, a number given, and a payment prepared for what is left. Nothing
 * left: paid at once. https://docs.stripe.com/invoicing/integration/workflow-transitions
 */
export function finalize(books: Books, invoice: Invoice): Invoice {
  if (invoice.status !== 'draft')
    throw invalidRequest(
      "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
      undefined,
      'invoice_not_editable',
    );
  const customer = books.customer(invoice.customer!);
  countAgain(books, invoice);
  recompute(books, invoice);
  giveUpTax(books, invoice);
  const ending = customer.balance + invoice.total - invoice.amount_due;
  const sequence = customer.next_invoice_sequence ?? 1;
  const now = books.now(customer.id);
  books.change<'customer'>(
    customer,
    { balance: ending, next_invoice_sequence: sequence + 1 },
    ending === customer.balance ? undefined : 'customer.updated',
  );
  books.change<'invoice'>(invoice, {
    automatically_finalizes_at: null,
    effective_at: now,
    ending_balance: ending,
    hosted_invoice_url: `${books.baseUrl}/invoices/${invoice.id}`,
    invoice_pdf: `${books.baseUrl}/invoices/${invoice.id}/pdf`,
    number: `${customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`,
    status: 'open',
    status_transitions: { ...invoice.status_transitions, finalized_at: now },
  });
  useUpDiscounts(books, invoice);
  if (invoice.amount_due > 0) requestPayment(books, invoice);
  books.emit('invoice.finalized', invoice);
  if (invoice.amount_due === 0) markPaid(books, invoice);
  else if (invoice.collection_method === 'send_invoice') books.emit('invoice.sent', invoice);
  return invoice;
}

/** A coupon of duration `once` is spent by the first invoice that it made cheaper. */
function useUpDiscounts(books: Books, invoice: Invoice): void {
  const subscription = books.store.get('subscription', subscriptionOf(invoice) ?? '');
  const now = books.now(invoice.customer);
  const spent = (invoice.discounts as string[]).filter((id) => {
    const discount = books.store.get('discount', id);
    const coupon = books.store.get('coupon', discount?.source.coupon ?? '');
    const used = (invoice.total_discount_amounts ?? []).some((one) => one.discount === id && one.amount > 0);
    return (coupon?.duration === 'once' && used) || (discount?.end != null && discount.end <= now);
  });
  if (!subscription || spent.length === 0) return;
  const kept = (subscription.discounts as string[]).filter((id) => !spent.includes(id));
  books.change<'subscription'>(subscription, { discounts: kept }, 'customer.subscription.updated');
  for (const id of spent) {
    const discount = books.store.get('discount', id);
    if (discount) books.emit('customer.discount.deleted', discount);
  }
}

/** https://docs.stripe.com/api/invoice-payment/object: the intent that pays for the invoice. */
function requestPayment(books: Books, invoice: Invoice): Kinds['invoice_payment'] {
  const intent = createIntent(books, {
    ...{ amount: invoice.amount_due, currency: invoice.currency, customer: invoice.customer! },
    description: subscriptionOf(invoice) ? 'Subscription update' : 'Invoice',
  });
  return books.add<'invoice_payment'>({
    id: newId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: books.now(invoice.customer),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

/** `outOfBand`: paid elsewhere, so no payment of ours has anything to do with it. */
export function markPaid(books: Books, invoice: Invoice, outOfBand = false): void {
  const now = books.now(invoice.customer);
  const payment = paymentOf(books, invoice.id);
  if (payment && !outOfBand)
    books.change<'invoice_payment'>(payment, {
      amount_paid: payment.amount_requested,
      status: 'paid',
      status_transitions: { canceled_at: null, paid_at: now },
    });
  books.change<'invoice'>(
    invoice,
    {
      amount_paid: outOfBand ? 0 : invoice.amount_due,
      ...(outOfBand ? { amount_paid_off_stripe: invoice.amount_due } : {}),
      amount_remaining: 0,
      attempted: true,
      next_payment_attempt: null,
      status: 'paid',
      status_transitions: { ...invoice.status_transitions, paid_at: now },
    },
    'invoice.updated',
  );
  books.emit('invoice.paid', invoice);
  books.emit('invoice.payment_succeeded', invoice);
  if (payment && !outOfBand) books.emit('invoice_payment.paid', payment);
  books.settled(invoice, 'paid');
}

export function paymentOf(books: Books, invoice: string): Kinds['invoice_payment'] | undefined {
  return books.store.all('invoice_payment').findLast((one) => one.invoice === invoice);
}

export function subscriptionOf(invoice: Invoice): string | undefined {
  return invoice.parent?.subscription_details?.subscription ?? undefined;
}
