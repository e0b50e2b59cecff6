import { z } from 'zod';
import { LICENSE_TYPES } from '#sdk/formats';
import { CHANGE_STATUSES } from '../domain/shown-change.js';
import { amountOf, type PlanPrice, type PriceList, type UsePrice } from '../domain/plan-price.js';
import { discountOf } from '../domain/standing.js';
import type { DiscountFacts } from '../domain/stripe-facts.js';
import { INTERVALS } from '../events/words.js';
import { BOUGHT } from '../events/bought.js';
import type { BillingAccount } from '../persistence/billing-accounts.js';
import type { Preview } from '../use-cases/preview-change.js';
import type { InvoiceRow } from '../use-cases/read-invoices.js';

/** Minor units. */
const Money = z.object({ amount: z.int(), currency: z.string() });
const instant = z.iso.datetime({ offset: true });

/** What uses of meters cost, at the end of a billing period. */
const Usage = z.array(
  z.object({
    meter: z.string(),
    /** For each `per` uses. */
    amount: Money,
    per: z.int(),
    /** So many of a period cost nothing. */
    included: z.int(),
  }),
);

const usageView = (usage: readonly UsePrice[], currency: string): z.input<typeof Usage> =>
  usage.map(({ amount, ...one }) => ({ ...one, amount: { amount, currency } }));

/** Where a tenant stands with what it has bought: the answer of REST, and what the stream tells of it. */
export const SubscriptionView = z.object({
  ...BOUGHT,
  trialEndsAt: instant.nullable(),
  periodEndsAt: instant.nullable(),
  /** When it ends, or ended, by somebody's wish. */
  endsAt: instant.nullable(),
  unpaid: z.object({ amount: z.int(), currency: z.string(), since: instant }).nullable(),
  restrictsAt: instant.nullable(),
  suspendsAt: instant.nullable(),
  isTrialUsed: z.boolean(),
  /** What a coupon takes off each invoice; one of the two. */
  discount: z
    .object({
      name: z.string(),
      percentOff: z.number().nullable(),
      amountOff: Money.nullable(),
      endsAt: instant.nullable(),
    })
    .nullable(),
  /** Grows with every change. */
  revision: z.int(),
});

/** What REST shows of it beside that. */
export const ChangedSubscriptionView = SubscriptionView.extend({
  /** The last one that somebody asked for here; null: none was, yet. */
  change: z
    .object({
      /** pending: Stripe is still to be asked. dropped: it could not be, for too long. */
      status: z.enum(CHANGE_STATUSES),
      /** What is wanted, or was; null: as it is. */
      plan: z.enum(LICENSE_TYPES).nullable(),
      interval: z.enum(INTERVALS).nullable(),
      seats: z.int().nullable(),
      /** Why it was refused. */
      code: z.string().nullable(),
      at: instant,
    })
    .nullable(),
});

export const SUBSCRIPTION_EXAMPLE = {
  subscription_id: 'sub_1PqZ',
  state: 'active',
  reasons: [],
  access: 'full',
  plan: 'TEAM',
  interval: 'month',
  seats: 8,
  trial_ends_at: null,
  period_ends_at: '2026-12-22T09:30:00.000Z',
  ends_at: null,
  unpaid: null,
  restricts_at: null,
  suspends_at: null,
  is_trial_used: true,
  discount: null,
  revision: 2,
  change: {
    status: 'done',
    plan: 'TEAM',
    interval: 'month',
    seats: 8,
    code: null,
    at: '2026-11-22T09:30:00.000Z',
  },
};

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

export function subscriptionView({
  standing,
  facts,
  trialUsedAt,
  revision,
}: Pick<BillingAccount, 'standing' | 'facts' | 'trialUsedAt' | 'revision'>): z.input<
  typeof SubscriptionView
> {
  const { subscriptionId, state, reasons, access, plan, interval, seats, unpaid } = standing;
  return {
    ...{ subscriptionId, state, reasons: [...reasons], access, plan, interval, seats },
    trialEndsAt: iso(standing.trialEnd),
    periodEndsAt: iso(standing.periodEnd),
    endsAt: iso(standing.endsAt),
    unpaid: unpaid && { amount: unpaid.amountDue, currency: unpaid.currency, since: iso(unpaid.since)! },
    restrictsAt: iso(standing.restrictsAt),
    suspendsAt: iso(standing.suspendsAt),
    isTrialUsed: trialUsedAt !== null,
    discount: discountView(discountOf(facts, standing)),
    revision,
  };
}

function discountView(discount: DiscountFacts | null): z.input<typeof SubscriptionView>['discount'] {
  if (!discount) return null;
  const { name, percentOff, amountOff: amount, currency, endsAt } = discount;
  return {
    ...{ name, percentOff },
    amountOff: amount === null || currency === null ? null : { amount, currency },
    endsAt: iso(endsAt === null ? null : endsAt * 1_000),
  };
}

export const PlansView = z.object({
  data: z.array(
    z.object({
      plan: z.enum(LICENSE_TYPES),
      name: z.string(),
      /** free, sold, or custom: by contract. */
      kind: z.enum(['free', 'sold', 'custom']),
      /** For the seats it gives; null: by contract. */
      month: Money.nullable(),
      year: Money.nullable(),
      /** Each seat beyond those; null: there are none. */
      extraSeatMonth: Money.nullable(),
      extraSeatYear: Money.nullable(),
      /** Beside that; empty: nothing is billed by use. */
      usage: Usage,
      seats: z.object({ included: z.int().nullable(), min: z.int(), max: z.int().nullable() }),
      trialDays: z.int(),
    }),
  ),
});

export const PLANS_EXAMPLE = {
  data: [
    {
      plan: 'TEAM',
      name: 'Team',
      kind: 'sold',
      month: { amount: 9900, currency: 'usd' },
      year: { amount: 99000, currency: 'usd' },
      extra_seat_month: { amount: 1900, currency: 'usd' },
      extra_seat_year: { amount: 19000, currency: 'usd' },
      usage: [{ meter: 'commands', amount: { amount: 5, currency: 'usd' }, per: 1000, included: 10000 }],
      seats: { included: 5, min: 5, max: 100 },
      trial_days: 14,
    },
  ],
};

export function plansView({ plans, currency }: PriceList): z.input<typeof PlansView> {
  const money = (amount: number | null | undefined) => (amount == null ? null : { amount, currency });
  const extra = (plan: PlanPrice, interval: 'month' | 'year') =>
    money(plan.isPerSeat ? plan.amounts?.[interval] : plan.extraSeat?.[interval]);
  return {
    data: plans.map((plan) => ({
      plan: plan.tier,
      name: plan.name,
      kind: plan.kind,
      month: money(amountOf(plan, 'month', plan.seats.min)),
      year: money(amountOf(plan, 'year', plan.seats.min)),
      extraSeatMonth: extra(plan, 'month'),
      extraSeatYear: extra(plan, 'year'),
      usage: usageView(plan.usage, currency),
      seats: plan.seats,
      trialDays: plan.trialDays,
    })),
  };
}

export const ContactsView = z.object({ emails: z.array(z.string()) });
export const CONTACTS_EXAMPLE = { emails: ['accounting@acme.example'] };

export const CheckoutView = z.object({ url: z.string(), expiresAt: instant });
export const PortalView = z.object({ url: z.string() });

export const PreviewView = z.object({
  amountDue: Money,
  /** In what is due; null: it is computed where the address is given, at the checkout. */
  tax: Money.nullable(),
  dueAt: instant,
  trialDays: z.int(),
  lines: z.array(z.object({ description: z.string(), amount: Money })),
  /** What uses cost beside that. */
  usage: Usage,
});

export function previewView(preview: Preview): z.input<typeof PreviewView> {
  const { currency, amountDue, tax, dueAt, trialDays, lines, usage } = preview;
  return {
    amountDue: { amount: amountDue, currency },
    tax: tax === null ? null : { amount: tax, currency },
    dueAt: dueAt.toISOString(),
    trialDays,
    lines: lines.map(({ description, amount }) => ({ description, amount: { amount, currency } })),
    usage: usageView(usage, currency),
  };
}

export const InvoicePageView = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      number: z.string().nullable(),
      status: z.string(),
      amountDue: Money,
      amountPaid: Money,
      /** In what is due. */
      tax: Money,
      /** Of what was paid. */
      amountRefunded: Money,
      createdAt: instant,
      dueAt: instant.nullable(),
      paidAt: instant.nullable(),
      /** Pages of Stripe. */
      hostedUrl: z.string().nullable(),
      pdfUrl: z.string().nullable(),
      /** Of a bank that takes back what was paid, or asks about it; status and reason are Stripe's words. */
      dispute: z
        .object({
          status: z.string(),
          reason: z.string(),
          amount: Money,
          respondBy: instant.nullable(),
        })
        .nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
});

export const INVOICES_EXAMPLE = {
  data: [
    {
      id: 'in_1PqZ',
      number: 'GH-0001',
      status: 'paid',
      amount_due: { amount: 9900, currency: 'usd' },
      amount_paid: { amount: 9900, currency: 'usd' },
      tax: { amount: 0, currency: 'usd' },
      amount_refunded: { amount: 0, currency: 'usd' },
      dispute: null,
      created_at: '2026-11-22T09:30:00.000Z',
      due_at: null,
      paid_at: '2026-11-22T09:30:05.000Z',
      hosted_url: 'https://invoice.stripe.com/i/acct_1/test_1',
      pdf_url: 'https://pay.stripe.com/invoice/acct_1/test_1/pdf',
    },
  ],
  next_cursor: null,
};

export const invoiceView = ({ currency, ...row }: InvoiceRow) => ({
  id: row.id,
  number: row.number,
  status: row.status,
  amountDue: { amount: row.amountDue, currency },
  amountPaid: { amount: row.amountPaid, currency },
  tax: { amount: row.tax, currency },
  amountRefunded: { amount: row.amountRefunded, currency },
  createdAt: row.createdAt.toISOString(),
  dueAt: row.dueAt?.toISOString() ?? null,
  paidAt: row.paidAt?.toISOString() ?? null,
  hostedUrl: row.hostedUrl,
  pdfUrl: row.pdfUrl,
  dispute: row.dispute && {
    ...row.dispute,
    amount: { amount: row.dispute.amount, currency },
    respondBy: row.dispute.respondBy?.toISOString() ?? null,
  },
});
