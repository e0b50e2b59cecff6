import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import {
  flag,
  integer,
  listParamsOf,
  mergeMetadata,
  metadata,
  oneOf,
  paramsOf,
  part,
  range,
  text,
  unset,
} from '../form.js';
import type { Invoice } from '../kinds.js';
import { collectOrThrow, markUncollectible, voidInvoice } from '../life/collection.js';
import { draftInvoice, finalize, finalizeLater, markPaid, subscriptionOf } from '../life/invoicing.js';
import { claimItems, lineOfInvoiceItem, pendingItems } from '../life/lines.js';
import { previewOf } from '../life/preview.js';
import { inRange, pageInOrder, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { DiscountsInput } from './coupons.js';
import { attachTo } from './payment-methods.js';
import { ItemsInput, ProrationBehavior } from './subscription-params.js';

const CreateInvoice = paramsOf<Stripe.InvoiceCreateParams>()({
  auto_advance: flag().optional(),
  collection_method: oneOf('charge_automatically', 'send_invoice').optional(),
  currency: text(3).optional(),
  customer: text(),
  days_until_due: integer().optional(),
  description: text().optional(),
  metadata: metadata().optional(),
  pending_invoice_items_behavior: oneOf('exclude', 'include').optional(),
  subscription: text().optional(),
});

function createInvoice(books: Books, given: z.output<typeof CreateInvoice>): Invoice {
  const customer = books.customer(given.customer);
  const subscription = given.subscription
    ? books.need('subscription', given.subscription, 'subscription')
    : undefined;
  const wanted = given.pending_invoice_items_behavior === 'include' || subscription !== undefined;
  const pending = wanted ? pendingItems(books, customer.id, given.subscription) : [];
  const now = books.now(customer.id);
  const invoice = draftInvoice(books, {
    customer,
    ...(subscription ? { subscription } : {}),
    reason: 'manual',
    lines: pending.map((item) => lineOfInvoiceItem(books, item)),
    period: { start: now, end: now },
    ...(subscription ? {} : { discounts: [] }),
    autoAdvance: given.auto_advance ?? false,
    collectionMethod: given.collection_method,
    daysUntilDue: given.days_until_due,
    description: given.description ?? null,
    metadata: mergeMetadata({}, given.metadata),
    currency: given.currency,
  });
  claimItems(books, pending, invoice.id);
  if (invoice.auto_advance) finalizeLater(books, invoice);
  return invoice;
}

const UpdateInvoice = paramsOf<Stripe.InvoiceUpdateParams>()({
  auto_advance: flag().optional(),
  default_payment_method: unset(text()).optional(),
  description: unset(text()).optional(),
  metadata: metadata().optional(),
});

const PreviewParams = paramsOf<Stripe.InvoiceCreatePreviewParams>()({
  automatic_tax: part({ enabled: flag() }).optional(),
  customer: text().optional(),
  subscription: text().optional(),
  discounts: DiscountsInput.optional(),
  preview_mode: oneOf('next', 'recurring').optional(),
  subscription_details: part({
    billing_cycle_anchor: oneOf('now', 'unchanged').or(integer()).optional(),
    cancel_at_period_end: flag().optional(),
    cancel_now: flag().optional(),
    items: ItemsInput.optional(),
    proration_behavior: ProrationBehavior.optional(),
    proration_date: integer().optional(),
    trial_end: oneOf('now').or(integer()).optional(),
  }).optional(),
});

const PayParams = paramsOf<Stripe.InvoicePayParams>()({
  off_session: flag().optional(),
  paid_out_of_band: flag().optional(),
  payment_method: text().optional(),
});

function pay(books: Books, given: z.output<typeof PayParams>, id: string): Invoice {
  const invoice = books.need('invoice', id);
  if (invoice.status === 'draft') finalize(books, invoice);
  if (given.paid_out_of_band) {
    if (invoice.status !== 'open')
      throw invalidRequest('Invoice is already paid', undefined, 'invoice_already_paid');
    markPaid(books, invoice, true);
    return invoice;
  }
  const method = given.payment_method
    ? attachTo(books, given.payment_method, invoice.customer!, 'payment_method')
    : undefined;
  return collectOrThrow(books, invoice, { method, offSession: given.off_session ?? true });
}

const ListInvoices = listParamsOf<Stripe.InvoiceListParams>()({
  collection_method: oneOf('charge_automatically', 'send_invoice').optional(),
  created: range().optional(),
  customer: text().optional(),
  status: oneOf('draft', 'open', 'paid', 'uncollectible', 'void').optional(),
  subscription: text().optional(),
});
const ListPayments = listParamsOf<Stripe.InvoicePaymentListParams>()({
  invoice: text().optional(),
  payment: part({ type: oneOf('payment_intent'), payment_intent: text().optional() }).optional(),
  status: oneOf('canceled', 'open', 'paid').optional(),
});

export const invoices = [
  endpoint('POST', '/v1/invoices', CreateInvoice, createInvoice),
  endpoint('POST', '/v1/invoices/create_preview', PreviewParams, (books, given) =>
    books.imagine(() => previewOf(books, given)),
  ),
  endpoint('GET', '/v1/invoices', ListInvoices, (books, params) =>
    pageOf(
      '/v1/invoices',
      books.store
        .all('invoice')
        .filter((one) => params.customer === undefined || one.customer === params.customer)
        .filter((one) => params.subscription === undefined || subscriptionOf(one) === params.subscription)
        .filter((one) => params.status === undefined || one.status === params.status)
        .filter(
          (one) =>
            params.collection_method === undefined || one.collection_method === params.collection_method,
        )
        .filter((one) => inRange(one.created, params.created)),
      params,
    ),
  ),
  endpoint('GET', '/v1/invoices/:id', paramsOf<Stripe.InvoiceRetrieveParams>()({}), (books, _, id) =>
    books.need('invoice', id),
  ),
  endpoint(
    'POST',
    '/v1/invoices/:id',
    UpdateInvoice,
    (books, { expand: _, metadata: given, ...changes }, id) => {
      const invoice = books.need('invoice', id);
      const all = { ...changes, metadata: mergeMetadata(invoice.metadata ?? {}, given) };
      books.change<'invoice'>(invoice, all, 'invoice.updated');
      if (invoice.status === 'draft' && changes.auto_advance && invoice.automatically_finalizes_at === null)
        finalizeLater(books, invoice);
      return invoice;
    },
  ),
  endpoint('DELETE', '/v1/invoices/:id', paramsOf<Stripe.InvoiceDeleteParams>()({}), (books, _, id) => {
    const invoice = books.need('invoice', id);
    if (invoice.status !== 'draft' || subscriptionOf(invoice))
      throw invalidRequest(
        'You can only delete draft invoices that no subscription made.',
        'invoice',
        'invoice_not_editable',
      );
    books.emit('invoice.deleted', invoice);
    return books.store.bury('invoice', id);
  }),
  endpoint(
    'GET',
    '/v1/invoices/:id/lines',
    listParamsOf<Stripe.InvoiceListLineItemsParams>()({}),
    (books, params, id) =>
      pageInOrder(`/v1/invoices/${id}/lines`, books.need('invoice', id).lines.data, params),
  ),
  endpoint(
    'POST',
    '/v1/invoices/:id/finalize',
    paramsOf<Stripe.InvoiceFinalizeInvoiceParams>()({ auto_advance: flag().optional() }),
    (books, _, id) => finalize(books, books.need('invoice', id)),
  ),
  endpoint('POST', '/v1/invoices/:id/pay', PayParams, pay),
  endpoint(
    'POST',
    '/v1/invoices/:id/send',
    paramsOf<Stripe.InvoiceSendInvoiceParams>()({}),
    (books, _, id) => {
      const invoice = books.need('invoice', id);
      if (invoice.status === 'draft') finalize(books, invoice);
      books.emit('invoice.sent', invoice);
      return invoice;
    },
  ),
  endpoint('POST', '/v1/invoices/:id/void', paramsOf<Stripe.InvoiceVoidInvoiceParams>()({}), (books, _, id) =>
    voidInvoice(books, books.need('invoice', id)),
  ),
  endpoint(
    'POST',
    '/v1/invoices/:id/mark_uncollectible',
    paramsOf<Stripe.InvoiceMarkUncollectibleParams>()({}),
    (books, _, id) => markUncollectible(books, books.need('invoice', id)),
  ),
  endpoint('GET', '/v1/invoice_payments', ListPayments, (books, params) =>
    pageOf(
      '/v1/invoice_payments',
      books.store
        .all('invoice_payment')
        .filter((one) => params.invoice === undefined || one.invoice === params.invoice)
        .filter((one) => params.status === undefined || one.status === params.status)
        .filter(
          (one) =>
            !params.payment?.payment_intent || one.payment.payment_intent === params.payment.payment_intent,
        ),
      params,
    ),
  ),
  endpoint(
    'GET',
    '/v1/invoice_payments/:id',
    paramsOf<Stripe.InvoicePaymentRetrieveParams>()({}),
    (books, _, id) => books.need('invoice_payment', id),
  ),
];
