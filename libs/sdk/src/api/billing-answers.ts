import {
  asObject,
  type Claims,
  readAmount,
  readCount,
  readInstant,
  readList,
  readNullable,
  readNumber,
  readOptional,
  readText,
  readTexts,
} from '../formats/claims.js';
import { readSubscription, type SubscriptionState } from './billing-events.js';

/** In the smallest unit of the currency. */
export interface Money {
  amount: number;
  currency: string;
}

/** What somebody last asked to change here, and what came of it. Times are epoch ms. */
export interface SubscriptionChange {
  /** Such as `pending`, `done`, `refused` or `dropped`. */
  status: string;
  /** What is wanted, or was; null: as it is. */
  plan: string | null;
  interval: string | null;
  seats: number | null;
  /** Why it was refused. */
  code: string | null;
  at: number;
}

export type Subscription = SubscriptionState & { change: SubscriptionChange | null };

/** What uses of a meter cost, at the end of a billing period. */
export interface UsePrice {
  meter: string;
  /** For each `per` uses. */
  amount: Money;
  per: number;
  /** So many of a period cost nothing. */
  included: number;
}

export interface SoldPlan {
  plan: string;
  name: string;
  /** `free`, `sold`, or `custom`: by contract. */
  kind: string;
  /** For the seats it gives; null: by contract. */
  month: Money | null;
  year: Money | null;
  /** Each seat beyond those; null: there are none. */
  extraSeatMonth: Money | null;
  extraSeatYear: Money | null;
  /** Beside that; empty: nothing is billed by use. */
  usage: readonly UsePrice[];
  /** null: as many as there are. */
  seats: { included: number | null; min: number; max: number | null };
  trialDays: number;
}

/** A page of Stripe. Times are epoch ms. */
export interface CheckoutPage {
  url: string;
  expiresAt: number;
}

/** What a plan would cost. Times are epoch ms. */
export interface PricePreview {
  amountDue: Money;
  /** In what is due; null: it is computed at the checkout. */
  tax: Money | null;
  dueAt: number;
  trialDays: number;
  lines: readonly { description: string; amount: Money }[];
  /** What uses cost beside that. */
  usage: readonly UsePrice[];
}

/** Times are epoch ms. */
export interface Invoice {
  id: string;
  number: string | null;
  status: string;
  amountDue: Money;
  amountPaid: Money;
  /** In what is due. */
  tax: Money;
  /** Given back of what was paid. */
  amountRefunded: Money;
  /** Of a bank that takes back what was paid, or asks about it; in Stripe's words. */
  dispute: { status: string; reason: string; amount: Money; respondBy: number | null } | null;
  createdAt: number;
  dueAt: number | null;
  paidAt: number | null;
  /** Pages of Stripe. */
  hostedUrl: string | null;
  pdfUrl: string | null;
}

/** What was used of a billed meter in a month. */
export interface BilledUse {
  meter: string;
  /** Its first moment in UTC, epoch ms. */
  month: number;
  recorded: number;
  /** What is billed. */
  shipped: number;
  waiting: number;
  failed: number;
  writtenOff: number;
  /** Not billed by Stripe: there was a contract instead. */
  byContract: number;
}

const MAX_PLANS = 100;
const MAX_LINES = 1_000;
const MAX_METERS = 100;
const MAX_CONTACTS = 100;
const MAX_URL = 8_192;

const readMoney = (claims: Claims, name: string): Money => {
  const money = asObject(claims[name], name);
  return { amount: readAmount(money, 'amount'), currency: readText(money, 'currency') };
};
const moneyOrNull = (claims: Claims, name: string) => readNullable(claims, name, readMoney);
const textOrNull = (claims: Claims, name: string) => readNullable(claims, name, readText);
const instantOrNull = (claims: Claims, name: string) => readNullable(claims, name, readInstant);
const readUrl = (claims: Claims, name: string) => readText(claims, name, MAX_URL);

/** A server that knows no prices of use yet says nothing of them. */
const readUsage = (claims: Claims): UsePrice[] =>
  readOptional(claims, 'usage', (from, member) =>
    readList(from, member, MAX_METERS, (item) => {
      const use = asObject(item, 'use');
      return {
        meter: readText(use, 'meter'),
        amount: readMoney(use, 'amount'),
        per: readCount(use, 'per'),
        included: readCount(use, 'included'),
      };
    }),
  ) ?? [];

export const readWholeSubscription = (answer: Claims): Subscription => ({
  ...readSubscription(answer),
  change: readNullable(answer, 'change', (claims, name) => {
    const change = asObject(claims[name], name);
    return {
      status: readText(change, 'status'),
      plan: textOrNull(change, 'plan'),
      interval: textOrNull(change, 'interval'),
      seats: readNullable(change, 'seats', readCount),
      code: textOrNull(change, 'code'),
      at: readInstant(change, 'at'),
    };
  }),
});

export const readPlans = (answer: Claims): SoldPlan[] =>
  readList(answer, 'data', MAX_PLANS, (item) => {
    const plan = asObject(item, 'plan');
    const seats = asObject(plan['seats'], 'seats');
    return {
      plan: readText(plan, 'plan'),
      name: readText(plan, 'name'),
      kind: readText(plan, 'kind'),
      month: moneyOrNull(plan, 'month'),
      year: moneyOrNull(plan, 'year'),
      extraSeatMonth: moneyOrNull(plan, 'extra_seat_month'),
      extraSeatYear: moneyOrNull(plan, 'extra_seat_year'),
      usage: readUsage(plan),
      seats: {
        included: readNullable(seats, 'included', readCount),
        min: readCount(seats, 'min'),
        max: readNullable(seats, 'max', readCount),
      },
      trialDays: readCount(plan, 'trial_days'),
    };
  });

export const readCheckout = (answer: Claims): CheckoutPage => ({
  url: readUrl(answer, 'url'),
  expiresAt: readInstant(answer, 'expires_at'),
});

export const readPortal = (answer: Claims): { url: string } => ({ url: readUrl(answer, 'url') });

export const readPreview = (answer: Claims): PricePreview => ({
  amountDue: readMoney(answer, 'amount_due'),
  tax: moneyOrNull(answer, 'tax'),
  dueAt: readInstant(answer, 'due_at'),
  trialDays: readCount(answer, 'trial_days'),
  lines: readList(answer, 'lines', MAX_LINES, (item) => {
    const line = asObject(item, 'line');
    return { description: readText(line, 'description'), amount: readMoney(line, 'amount') };
  }),
  usage: readUsage(answer),
});

export const readInvoice = (invoice: Claims): Invoice => ({
  id: readText(invoice, 'id'),
  number: textOrNull(invoice, 'number'),
  status: readText(invoice, 'status'),
  amountDue: readMoney(invoice, 'amount_due'),
  amountPaid: readMoney(invoice, 'amount_paid'),
  tax: readMoney(invoice, 'tax'),
  amountRefunded: readMoney(invoice, 'amount_refunded'),
  dispute: readNullable(invoice, 'dispute', (claims, name) => {
    const dispute = asObject(claims[name], name);
    return {
      status: readText(dispute, 'status'),
      reason: readText(dispute, 'reason'),
      amount: readMoney(dispute, 'amount'),
      respondBy: instantOrNull(dispute, 'respond_by'),
    };
  }),
  createdAt: readInstant(invoice, 'created_at'),
  dueAt: instantOrNull(invoice, 'due_at'),
  paidAt: instantOrNull(invoice, 'paid_at'),
  hostedUrl: readNullable(invoice, 'hosted_url', readUrl),
  pdfUrl: readNullable(invoice, 'pdf_url', readUrl),
});

export const readBilledUse = (use: Claims): BilledUse => ({
  meter: readText(use, 'meter'),
  month: readInstant(use, 'month'),
  recorded: readNumber(use, 'recorded'),
  shipped: readNumber(use, 'shipped'),
  waiting: readNumber(use, 'waiting'),
  failed: readNumber(use, 'failed'),
  writtenOff: readNumber(use, 'written_off'),
  byContract: readNumber(use, 'by_contract'),
});

export const readContacts = (answer: Claims): string[] => readTexts(answer, 'emails', MAX_CONTACTS);
