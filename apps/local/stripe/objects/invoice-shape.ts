import type { Books } from '../books.js';
import type { Customer, Invoice, InvoiceLine, Price, Subscription } from '../kinds.js';
import { taxOn } from '../life/tax.js';
import { newId } from '../store.js';
import { clone, listOf } from '../wire.js';

export interface InvoiceDraft {
  customer: Customer;
  subscription?: Subscription;
  reason: NonNullable<Invoice['billing_reason']>;
  lines: InvoiceLine[];
  period: { start: number; end: number };
  discounts?: string[];
  metadata?: Record<string, string>;
  autoAdvance?: boolean;
  description?: string | null;
  daysUntilDue?: number;
  collectionMethod?: 'charge_automatically' | 'send_invoice';
  currency?: string;
}

/** https://docs.stripe.com/api/invoices/object, as a draft without amounts. */
export function emptyInvoice(books: Books, draft: InvoiceDraft): Invoice {
  const { customer, subscription } = draft;
  const now = books.now(customer.id);
  return {
    id: newId('in'),
    object: 'invoice',
    account_country: 'US',
    account_name: 'Gatehouse (local)',
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: draft.autoAdvance ?? true,
    automatic_tax: taxOn(customer, subscription?.automatic_tax.enabled ?? false),
    automatically_finalizes_at: null,
    billing_reason: draft.reason,
    collection_method: draft.collectionMethod ?? subscription?.collection_method ?? 'charge_automatically',
    created: now,
    currency: subscription?.currency ?? draft.currency ?? customer.currency ?? 'usd',
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    customer_shipping: null,
    customer_tax_exempt: customer.tax_exempt ?? 'none',
    customer_tax_ids: books.store
      .all('tax_id')
      .filter((one) => one.customer === customer.id)
      .map(({ type, value }) => ({ type, value })),
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: draft.description ?? null,
    discounts: draft.discounts ?? subscription?.discounts ?? [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: listOf('', draft.lines),
    livemode: false,
    metadata: draft.metadata ?? {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: subscription
      ? {
          quote_details: null,
          subscription_details: {
            metadata: clone(subscription.metadata),
            subscription: subscription.id,
          },
          type: 'subscription_details',
        }
      : null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: draft.period.end,
    period_start: draft.period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: customer.balance,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    test_clock: customer.test_clock ?? null,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: now,
  };
}

export interface LineDraft {
  amount: number;
  currency: string;
  description: string;
  period: { start: number; end: number };
  price?: Price;
  /** Of one, where that is not the price's own: in a tier. */
  unit?: string;
  quantity?: number | null;
  metadata?: Record<string, string>;
  parent: InvoiceLine['parent'];
  subscription: string | null;
  discountable?: boolean;
}

/** https://docs.stripe.com/api/invoice-line-item/object */
export function invoiceLine(draft: LineDraft): InvoiceLine {
  const { price, quantity = null } = draft;
  return {
    id: newId('il'),
    object: 'line_item',
    amount: draft.amount,
    currency: draft.currency,
    description: draft.description,
    discount_amounts: [],
    discountable: draft.discountable ?? true,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: draft.metadata ?? {},
    parent: draft.parent,
    period: draft.period,
    pretax_credit_amounts: [],
    pricing: price
      ? {
          price_details: { price: price.id, product: price.product },
          type: 'price_details',
          unit_amount_decimal: draft.unit ?? price.unit_amount_decimal,
        }
      : null,
    quantity,
    quantity_decimal: quantity === null ? null : String(quantity),
    subscription: draft.subscription,
    subtotal: draft.amount,
    taxes: [],
  };
}
