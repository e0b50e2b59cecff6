import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import type { ChargeFacts, ChargesSeen, DisputeFacts } from '../domain/stripe-facts.js';
import { isOpen } from '../domain/taken-back.js';
import { refId } from './id-of.js';
import { StripeGateway } from './stripe-gateway.js';

/** Stripe's most for a page; what is older than these pages is left as it was known. */
const PAGE = 100;
const PAGES = 3;
/** Further calls in one look, for each kind: for what is not known yet first, then the newest; the others at the next. */
const CALLS = 10;

/** Looks at what a customer has paid, and what of it was taken back. A call for whom nothing was taken back of. */
@Injectable()
export class LookAtCharges {
  constructor(private readonly gateway: StripeGateway) {}

  /**
   * Those that paid since then, in seconds, and all of which something was taken back. Throws 503 `BILLING_UNAVAILABLE`,
   * 409 `BILLING_CONFLICT`.
   */
  async execute(customerId: string, known: ChargesSeen | null, since: number): Promise<ChargeFacts[]> {
    const { charges, isAll } = await this.list(customerId);
    const paid = charges.filter((one) => one.status === 'succeeded' && one.amount_captured > 0);
    const taken = paid.filter((one) => one.amount_refunded > 0 || one.disputed);
    const before = new Map(known?.list.map((one) => [one.id, one]));

    const disputes = new Map<string, DisputeFacts[]>();
    for (const { id } of undecidedFirst(taken, before).slice(0, CALLS))
      disputes.set(id, await this.disputesOf(id));
    const deciding = [
      ...taken,
      ...paid.filter((one) => taken.length > 0 && one.created >= since && !taken.includes(one)),
    ];
    const uses = new Map<string, Use>();
    for (const one of deciding.filter(({ id }) => !isAsked(before.get(id))).slice(0, CALLS))
      uses.set(one.id, await this.useOf(one));

    const seen = paid
      .filter((one) => one.created >= since || taken.includes(one))
      .map((one) => {
        const old = before.get(one.id);
        return chargeFacts(
          one,
          uses.get(one.id) ?? useBefore(old),
          disputes.get(one.id) ?? old?.disputes ?? [],
        );
      });
    const oldest = Math.min(...charges.map((one) => one.created));
    const beyond = isAll ? [] : [...before.values()].filter((one) => one.created < oldest);
    return [...seen, ...beyond];
  }

  private async list(customer: string): Promise<{ charges: Stripe.Charge[]; isAll: boolean }> {
    const charges: Stripe.Charge[] = [];
    for (let pages = 0; pages < PAGES; pages++) {
      const last = charges.at(-1)?.id;
      const page = await this.gateway.read('look_charges', (stripe) =>
        stripe.charges.list({ customer, limit: PAGE, ...(last ? { starting_after: last } : {}) }),
      );
      charges.push(...page.data);
      if (!page.has_more) return { charges, isAll: true };
    }
    return { charges, isAll: false };
  }

  private async disputesOf(charge: string): Promise<DisputeFacts[]> {
    const { data } = await this.gateway.read('look_disputes', (stripe) =>
      stripe.disputes.list({ charge, limit: PAGE }),
    );
    return data.map(({ id, status, reason, amount, currency, evidence_details: { due_by: respondBy } }) => ({
      ...{ id, status, reason, amount, currency, respondBy },
    }));
  }

  /** A charge does not say what it paid: docs.stripe.com/api/invoice-payment. */
  private async useOf({ payment_intent: intent }: Stripe.Charge): Promise<Use> {
    if (!intent) return { invoiceId: null, subscriptionId: null };
    const { data } = await this.gateway.read('look_invoice_payments', (stripe) =>
      stripe.invoicePayments.list({
        payment: { type: 'payment_intent', payment_intent: refId(intent) },
        expand: ['data.invoice'],
        limit: 1,
      }),
    );
    const invoice = data[0]?.invoice;
    return { invoiceId: refId(invoice), subscriptionId: subscriptionOf(invoice) };
  }
}

/** What a charge was for. */
type Use = Pick<ChargeFacts, 'invoiceId' | 'subscriptionId'>;

const isAsked = (known: ChargeFacts | undefined): boolean => known?.subscriptionId !== undefined;

const useBefore = (known: ChargeFacts | undefined): Use => ({
  invoiceId: known?.invoiceId ?? null,
  subscriptionId: known?.subscriptionId,
});

const subscriptionOf = (invoice: Stripe.InvoicePayment['invoice'] | undefined): string | null =>
  typeof invoice === 'object' && 'parent' in invoice
    ? refId(invoice.parent?.subscription_details?.subscription)
    : null;

/** A charge stays disputed for good, also once nothing more is to be heard of it. */
function undecidedFirst(
  charges: readonly Stripe.Charge[],
  before: ReadonlyMap<string, ChargeFacts>,
): Stripe.Charge[] {
  const rank = ({ id }: Stripe.Charge) => {
    const known = before.get(id)?.disputes ?? [];
    return known.length === 0 ? 0 : known.some(isOpen) ? 1 : 2;
  };
  return charges.filter((one) => one.disputed).toSorted((a, b) => rank(a) - rank(b));
}

const chargeFacts = (
  { id, created, amount_captured: amount, currency, amount_refunded: refunded }: Stripe.Charge,
  use: Use,
  disputes: readonly DisputeFacts[],
): ChargeFacts => ({ id, created, amount, currency, refunded, ...use, disputes });
