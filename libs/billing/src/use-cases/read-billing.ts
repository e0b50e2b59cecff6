import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import { Prices } from '../catalogue/prices.js';
import type { PriceList } from '../domain/plan-price.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';

/** Stripe's own: 1 to 100 a page, and the id of the last one for the next. */
export const InvoicesPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z
    .string()
    .regex(/^in_\w{1,60}$/, 'must be the next_cursor of a page')
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
  currency: string;
  createdAt: Date;
  dueAt: Date | null;
  paidAt: Date | null;
  hostedUrl: string | null;
  pdfUrl: string | null;
}

/** What a tenant has, owes and could have. */
@Injectable()
export class ReadBilling {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
  ) {}

  /** Throws 403 `MISSING_SCOPE`. */
  async account(actor: Actor): Promise<BillingAccount> {
    this.access.mayRead(actor);
    return this.accounts.get(actor);
  }

  /** Throws 403 `MISSING_SCOPE`. */
  plans(actor: Actor): PriceList {
    this.access.mayRead(actor);
    return this.prices.list;
  }

  /** The newest first, from Stripe. Throws 403 `MISSING_SCOPE`, 503 `BILLING_UNAVAILABLE`. */
  async invoices(
    actor: Actor,
    { limit, cursor }: z.output<typeof InvoicesPage>,
  ): Promise<{ data: InvoiceRow[]; nextCursor: string | null }> {
    this.access.mayRead(actor);
    const { customerId } = await this.accounts.get(actor);
    if (!customerId) return { data: [], nextCursor: null };
    const page = await this.gateway.read('list_invoices', (stripe) =>
      stripe.invoices.list({ customer: customerId, limit, ...(cursor ? { starting_after: cursor } : {}) }),
    );
    const data = page.data
      // What is not finished yet is nobody's debt.
      .filter((one) => one.status !== null && one.status !== 'draft')
      .map((one): InvoiceRow => ({
        id: one.id,
        number: one.number,
        status: one.status ?? 'open',
        amountDue: one.amount_due,
        amountPaid: one.amount_paid,
        currency: one.currency,
        createdAt: new Date(one.created * 1_000),
        dueAt: one.due_date === null ? null : new Date(one.due_date * 1_000),
        paidAt: one.status_transitions.paid_at ? new Date(one.status_transitions.paid_at * 1_000) : null,
        hostedUrl: one.hosted_invoice_url ?? null,
        pdfUrl: one.invoice_pdf ?? null,
      }));
    return { data, nextCursor: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
  }
}
