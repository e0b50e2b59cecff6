import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { integer, listParamsOf, mergeMetadata, metadata, oneOf, paramsOf, positive, text } from '../form.js';
import type { Invoice, Kinds } from '../kinds.js';
import { markPaid, paymentOf } from '../life/invoicing.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { listOf } from '../wire.js';
import { createRefund } from './refunds.js';

const Create = paramsOf<Stripe.CreditNoteCreateParams>()({
  amount: positive(),
  credit_amount: integer().optional(),
  invoice: text(),
  memo: text().optional(),
  metadata: metadata().optional(),
  reason: oneOf('duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory').optional(),
  refund_amount: integer().optional(),
});

/** https://docs.stripe.com/api/credit_notes/object: less to pay, or money back when it is paid. */
function create(books: Books, given: z.output<typeof Create>): Kinds['credit_note'] {
  const invoice = books.need('invoice', given.invoice, 'invoice');
  if (invoice.status !== 'open' && invoice.status !== 'paid')
    throw invalidRequest('You can only create credit notes for open or paid invoices.', 'invoice');
  const credited = invoice.pre_payment_credit_notes_amount + invoice.post_payment_credit_notes_amount;
  if (given.amount > invoice.total - credited)
    throw invalidRequest('The amount of the credit note is more than what is left of the invoice.', 'amount');
  const paid = invoice.status === 'paid';
  const refund = paid ? refundOf(books, invoice, given) : undefined;
  const note = books.add<'credit_note'>(
    {
      id: newId('cn'),
      object: 'credit_note',
      amount: given.amount,
      amount_shipping: 0,
      created: books.now(invoice.customer),
      currency: invoice.currency,
      customer: invoice.customer!,
      customer_account: null,
      customer_balance_transaction: null,
      discount_amount: 0,
      discount_amounts: [],
      effective_at: books.now(invoice.customer),
      invoice: invoice.id,
      lines: listOf('/v1/credit_notes/lines', []),
      livemode: false,
      memo: given.memo ?? null,
      metadata: mergeMetadata({}, given.metadata),
      number: `${invoice.number}-CN-01`,
      out_of_band_amount: null,
      pdf: `${books.baseUrl}/invoices/${invoice.id}/pdf`,
      post_payment_amount: paid ? given.amount : 0,
      pre_payment_amount: paid ? 0 : given.amount,
      pretax_credit_amounts: [],
      reason: given.reason ?? null,
      refunds: refund
        ? [{ amount_refunded: refund.amount, payment_record_refund: null, refund: refund.id, type: 'refund' }]
        : [],
      shipping_cost: null,
      status: 'issued',
      subtotal: given.amount,
      subtotal_excluding_tax: given.amount,
      total: given.amount,
      total_excluding_tax: given.amount,
      total_taxes: [],
      type: paid ? 'post_payment' : 'pre_payment',
      voided_at: null,
    },
    'credit_note.created',
  );
  applyTo(books, invoice, given, paid);
  return note;
}

function refundOf(books: Books, invoice: Invoice, given: z.output<typeof Create>) {
  const balance = given.credit_amount ?? (given.refund_amount === undefined ? given.amount : 0);
  if (balance > 0) {
    const customer = books.customer(invoice.customer!);
    books.change<'customer'>(customer, { balance: customer.balance - balance }, 'customer.updated');
  }
  const intent = paymentOf(books, invoice.id)?.payment.payment_intent;
  return given.refund_amount && intent
    ? createRefund(books, { amount: given.refund_amount, payment_intent: intent })
    : undefined;
}

function applyTo(books: Books, invoice: Invoice, { amount }: { amount: number }, paid: boolean): void {
  if (paid) {
    books.change<'invoice'>(
      invoice,
      { post_payment_credit_notes_amount: invoice.post_payment_credit_notes_amount + amount },
      'invoice.updated',
    );
    return;
  }
  const due = Math.max(0, invoice.amount_due - amount);
  books.change<'invoice'>(
    invoice,
    {
      amount_due: due,
      amount_remaining: due,
      pre_payment_credit_notes_amount: invoice.pre_payment_credit_notes_amount + amount,
    },
    'invoice.updated',
  );
  if (due === 0) markPaid(books, invoice);
}

export const creditNotes = [
  endpoint('POST', '/v1/credit_notes', Create, create),
  endpoint(
    'GET',
    '/v1/credit_notes',
    listParamsOf<Stripe.CreditNoteListParams>()({ customer: text().optional(), invoice: text().optional() }),
    (books, params) =>
      pageOf(
        '/v1/credit_notes',
        books.store
          .all('credit_note')
          .filter((one) => params.customer === undefined || one.customer === params.customer)
          .filter((one) => params.invoice === undefined || one.invoice === params.invoice),
        params,
      ),
  ),
  endpoint('GET', '/v1/credit_notes/:id', paramsOf<Stripe.CreditNoteRetrieveParams>()({}), (books, _, id) =>
    books.need('credit_note', id),
  ),
];
