import { z } from 'zod';
import { LICENSE_TYPES } from '#sdk/formats';
import { amountOf, type PlanPrice, type PriceList } from '../domain/plan-price.js';
import { ACCESSES, INTERVALS, STATES } from '../events/words.js';
import type { BillingAccount } from '../persistence/billing-accounts.js';
import type { Preview } from '../use-cases/preview-change.js';
import type { InvoiceRow } from '../use-cases/read-billing.js';

/** Minor units. */
const Money = z.object({ amount: z.int(), currency: z.string() });
const instant = z.iso.datetime({ offset: true });

export const SubscriptionView = z.object({
  state: z.enum(STATES),
  /** Why it is paused, or what is wrong with it. */
  reasons: z.array(z.string()),
  /** full: what was bought; free: what Free gives; none: nothing. */
  access: z.enum(ACCESSES),
  plan: z.enum(LICENSE_TYPES),
  interval: z.enum(INTERVALS).nullable(),
  /** null: as the plan says. */
  seats: z.int().nullable(),
  trialEndsAt: instant.nullable(),
  periodEndsAt: instant.nullable(),
  /** When it ends, or ended, by somebody's wish. */
  endsAt: instant.nullable(),
  unpaid: z.object({ amount: z.int(), currency: z.string(), since: instant }).nullable(),
  restrictsAt: instant.nullable(),
  suspendsAt: instant.nullable(),
  isTrialUsed: z.boolean(),
  /** Grows with every change. */
  revision: z.int(),
});

export const SUBSCRIPTION_EXAMPLE = {
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
  revision: 2,
};

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

export function subscriptionView({
  standing,
  trialUsedAt,
  revision,
}: BillingAccount): z.input<typeof SubscriptionView> {
  const { state, reasons, access, plan, interval, seats, unpaid } = standing;
  return {
    ...{ state, reasons: [...reasons], access, plan, interval, seats },
    trialEndsAt: iso(standing.trialEnd),
    periodEndsAt: iso(standing.periodEnd),
    endsAt: iso(standing.endsAt),
    unpaid: unpaid && { amount: unpaid.amountDue, currency: unpaid.currency, since: iso(unpaid.since)! },
    restrictsAt: iso(standing.restrictsAt),
    suspendsAt: iso(standing.suspendsAt),
    isTrialUsed: trialUsedAt !== null,
    revision,
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
      seats: plan.seats,
      trialDays: plan.trialDays,
    })),
  };
}

export const CheckoutView = z.object({ url: z.string(), expiresAt: instant });
export const PortalView = z.object({ url: z.string() });

export const PreviewView = z.object({
  amountDue: Money,
  dueAt: instant,
  trialDays: z.int(),
  lines: z.array(z.object({ description: z.string(), amount: Money })),
});

export function previewView(preview: Preview): z.input<typeof PreviewView> {
  const { currency, amountDue, dueAt, trialDays, lines } = preview;
  return {
    amountDue: { amount: amountDue, currency },
    dueAt: dueAt.toISOString(),
    trialDays,
    lines: lines.map(({ description, amount }) => ({ description, amount: { amount, currency } })),
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
      createdAt: instant,
      dueAt: instant.nullable(),
      paidAt: instant.nullable(),
      /** Pages of Stripe. */
      hostedUrl: z.string().nullable(),
      pdfUrl: z.string().nullable(),
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
  createdAt: row.createdAt.toISOString(),
  dueAt: row.dueAt?.toISOString() ?? null,
  paidAt: row.paidAt?.toISOString() ?? null,
  hostedUrl: row.hostedUrl,
  pdfUrl: row.pdfUrl,
});
