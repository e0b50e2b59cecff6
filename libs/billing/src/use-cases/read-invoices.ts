import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { z } from 'zod';
import { type Actor, validationFailed } from '#platform';
import type { ChargesSeen, DisputeFacts } from '../domain/stripe-facts.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { orNull } from '../stripe/look.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';

const NO_CURSOR = 'must be the next_cursor of a page';

/** Stripe's own: 1 to 100 a page, and the id of the last one for the next. */
export const InvoicesPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z
    .string()
    .regex(/^in_\w{1,60}$/, NO_CURSOR)
    .meta({ example: 'in_1PqZ' })
    .optional(),
});

/** Amounts are minor units. */
export interface InvoiceRow {
  id: string;
  number: string | null;
  status: string;
  amountDue: number;
  amountPaid: number;
  /** Of what is due. */
  tax: number;
  /** Given back of what was paid. */
  amountRefunded: number;
  /** The last one about what was paid. */
  dispute: (Pick<DisputeFacts, 'status' | 'reason' | 'amount'> & { respondBy: Date | null }) | null;
  currency: string;
  createdAt: Date;
  dueAt: Date | null;
  paidAt: Date | null;
  hostedUrl: string | null;
  pdfUrl: string | null;
}

/** What a tenant was asked to pay, and what was taken back of that. */
@Injectable()
export class ReadInvoices {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly gateway: StripeGateway,
  ) {}

  /**
   * The newest first, from Stripe; what was taken back, as it was seen last. Throws 403 `MISSING_SCOPE`, 422
   * `VALIDATION_FAILED` for a cursor of another list, 503 `BILLING_UNAVAILABLE`.
   */
  async execute(
    actor: Actor,
    { limit, cursor }: z.output<typeof InvoicesPage>,
  ): Promise<{ data: InvoiceRow[]; nextCursor: string | null }> {
    this.access.mayRead(actor);
    const { customerId, facts } = await this.accounts.get(actor);
    if (!customerId) return { data: [], nextCursor: null };
    const page = await this.gateway.read('list_invoices', (stripe) => {
      const listed = stripe.invoices.list({
        customer: customerId,
        limit,
        ...(cursor ? { starting_after: cursor } : {}),
      });
      return cursor ? orNull(listed) : listed;
    });
    if (!page) throw validationFailed([{ path: ['cursor'], message: NO_CURSOR }]);
    const data = page.data
      // What is not finished yet is nobody's debt.
      .filter((one) => one.status !== null && one.status !== 'draft')
      .map((one) => rowOf(one, facts?.charges ?? null));
    return { data, nextCursor: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
  }
}

const instant = (seconds: number | null | undefined) => (seconds ? new Date(seconds * 1_000) : null);

function rowOf(one: Stripe.Invoice, charges: ChargesSeen | null): InvoiceRow {
  return {
    id: one.id,
    number: one.number,
    status: one.status ?? 'open',
    amountDue: one.amount_due,
    amountPaid: one.amount_paid,
    tax: taxOf(one),
    ...takenBackOf(one.id, charges),
    currency: one.currency,
    createdAt: new Date(one.created * 1_000),
    dueAt: instant(one.due_date),
    paidAt: instant(one.status_transitions.paid_at),
    hostedUrl: one.hosted_invoice_url ?? null,
    pdfUrl: one.invoice_pdf ?? null,
  };
}

/** All taxes of an invoice together, in minor units. */
export const taxOf = ({ total_taxes: taxes }: Pick<Stripe.Invoice, 'total_taxes'>): number =>
  (taxes ?? []).reduce((sum, one) => sum + one.amount, 0);

function takenBackOf(
  invoiceId: string,
  charges: ChargesSeen | null,
): Pick<InvoiceRow, 'amountRefunded' | 'dispute'> {
  const paid = (charges?.list ?? []).filter((one) => one.invoiceId === invoiceId);
  // Stripe lists them newest first.
  const [dispute] = paid.toSorted((a, b) => b.created - a.created).flatMap((one) => one.disputes);
  return {
    amountRefunded: paid.reduce((sum, one) => sum + one.refunded, 0),
    dispute: dispute
      ? {
          ...{ status: dispute.status, reason: dispute.reason, amount: dispute.amount },
          respondBy: instant(dispute.respondBy),
        }
      : null,
  };
}
