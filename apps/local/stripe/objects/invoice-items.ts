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
  paramsOf,
  part,
  positive,
  text,
} from '../form.js';
import type { Invoice, Kinds, Price } from '../kinds.js';
import { amountOf } from '../life/amounts.js';
import { recompute } from '../life/invoicing.js';
import { lineOfInvoiceItem } from '../life/lines.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';

type InvoiceItem = Kinds['invoiceitem'];

export interface ItemDraft {
  customer: string;
  amount: number;
  currency: string;
  description: string | null;
  subscription?: string;
  subscriptionItem?: string;
  period: { start: number; end: number };
  price?: Price;
  quantity?: number;
  proration?: boolean;
  metadata?: Record<string, string> | null;
  invoice?: string;
}

/** https://docs.stripe.com/api/invoiceitems/object */
export function createInvoiceItem(books: Books, draft: ItemDraft): InvoiceItem {
  const quantity = draft.quantity ?? 1;
  return books.add<'invoiceitem'>(
    {
      id: newId('ii'),
      object: 'invoiceitem',
      amount: draft.amount,
      currency: draft.currency,
      customer: draft.customer,
      customer_account: null,
      date: books.now(draft.customer),
      description: draft.description,
      discountable: true,
      discounts: [],
      invoice: draft.invoice ?? null,
      livemode: false,
      metadata: mergeMetadata({}, draft.metadata),
      parent: draft.subscription
        ? {
            subscription_details: {
              subscription: draft.subscription,
              ...(draft.subscriptionItem ? { subscription_item: draft.subscriptionItem } : {}),
            },
            type: 'subscription_details',
          }
        : null,
      period: draft.period,
      pricing: draft.price
        ? {
            price_details: { price: draft.price.id, product: draft.price.product },
            type: 'price_details',
            unit_amount_decimal: draft.price.unit_amount_decimal,
          }
        : null,
      proration: draft.proration ?? false,
      quantity,
      quantity_decimal: String(quantity),
      tax_rates: [],
      test_clock: books.store.get('customer', draft.customer)?.test_clock ?? null,
    },
    'invoiceitem.created',
  );
}

const Create = paramsOf<Stripe.InvoiceItemCreateParams>()({
  amount: integer().optional(),
  currency: text(3).optional(),
  customer: text(),
  description: text().optional(),
  discountable: flag().optional(),
  invoice: text().optional(),
  metadata: metadata().optional(),
  pricing: part({ price: text() }).optional(),
  quantity: positive().optional(),
  subscription: text().optional(),
});

function create(books: Books, given: z.output<typeof Create>): InvoiceItem {
  const customer = books.customer(given.customer);
  const price = given.pricing ? books.need('price', given.pricing.price, 'pricing[price]') : undefined;
  if (price?.type === 'recurring')
    throw invalidRequest('An invoice item takes one-time prices only.', 'pricing[price]');
  const amount = given.amount ?? (price ? amountOf(price, given.quantity ?? 1) : undefined);
  if (amount === undefined)
    throw invalidRequest('Missing required param: amount.', 'amount', 'parameter_missing');
  if (given.invoice && books.need('invoice', given.invoice, 'invoice').status !== 'draft')
    throw invalidRequest(
      "Finalized invoices can't be updated in this way",
      'invoice',
      'invoice_not_editable',
    );
  if (given.subscription) books.need('subscription', given.subscription, 'subscription');
  const now = books.now(customer.id);
  const item = createInvoiceItem(books, {
    customer: customer.id,
    amount,
    currency: price?.currency ?? given.currency ?? customer.currency ?? 'usd',
    description: given.description ?? null,
    period: { start: now, end: now },
    ...(given.subscription ? { subscription: given.subscription } : {}),
    ...(given.invoice ? { invoice: given.invoice } : {}),
    ...(price ? { price } : {}),
    quantity: given.quantity,
    metadata: given.metadata,
  });
  if (given.invoice) addToDraft(books, item, books.need('invoice', given.invoice));
  return item;
}

function addToDraft(books: Books, item: InvoiceItem, invoice: Invoice): void {
  const line = { ...lineOfInvoiceItem(books, item), invoice: invoice.id };
  books.change<'invoice'>(invoice, { lines: { ...invoice.lines, data: [...invoice.lines.data, line] } });
  recompute(books, invoice, 'invoice.updated');
}

export const invoiceItems = [
  endpoint('POST', '/v1/invoiceitems', Create, create),
  endpoint(
    'GET',
    '/v1/invoiceitems',
    listParamsOf<Stripe.InvoiceItemListParams>()({
      customer: text().optional(),
      invoice: text().optional(),
      pending: flag().optional(),
    }),
    (books, params) =>
      pageOf(
        '/v1/invoiceitems',
        books.store
          .all('invoiceitem')
          .filter((one) => params.customer === undefined || one.customer === params.customer)
          .filter((one) => params.invoice === undefined || one.invoice === params.invoice)
          .filter((one) => params.pending === undefined || (one.invoice === null) === params.pending),
        params,
      ),
  ),
  endpoint('GET', '/v1/invoiceitems/:id', paramsOf<Stripe.InvoiceItemRetrieveParams>()({}), (books, _, id) =>
    books.need('invoiceitem', id),
  ),
  endpoint(
    'DELETE',
    '/v1/invoiceitems/:id',
    paramsOf<Stripe.InvoiceItemDeleteParams>()({}),
    (books, _, id) => {
      const item = books.need('invoiceitem', id);
      if (item.invoice !== null)
        throw invalidRequest(
          'This invoice item is already on an invoice.',
          'invoiceitem',
          'invoice_not_editable',
        );
      books.emit('invoiceitem.deleted', item);
      return books.store.bury('invoiceitem', id);
    },
  ),
];
