import type { z } from 'zod';
import type { Books } from '../books.js';
import { nextBoundary } from '../clock.js';
import type { Interval } from '../clock.js';
import { invalidRequest } from '../errors.js';
import type { Invoice, InvoiceLine, Subscription } from '../kinds.js';
import { emptyInvoice } from '../objects/invoice-shape.js';
import { redeem } from '../objects/coupons.js';
import type { DiscountsInput } from '../objects/coupons.js';
import type { ItemInput } from '../objects/subscription-params.js';
import { periodOf } from '../objects/subscription-shape.js';
import { newId } from '../store.js';
import { sums } from './amounts.js';
import { applyItems, changeOf } from './change-items.js';
import { lineOfInvoiceItem, linesForPeriod, pendingItems } from './lines.js';
import { subscribe } from './subscribe.js';
import { taxOn } from './tax.js';
import { endTrial } from './trial.js';
import { lastUses } from './usage.js';

export interface PreviewInput {
  customer?: string;
  subscription?: string;
  discounts?: z.output<typeof DiscountsInput>;
  preview_mode?: 'next' | 'recurring';
  automatic_tax?: { enabled: boolean };
  subscription_details?: {
    billing_cycle_anchor?: 'now' | 'unchanged' | number;
    cancel_at_period_end?: boolean;
    cancel_now?: boolean;
    items?: ItemInput[];
    proration_behavior?: 'always_invoice' | 'create_prorations' | 'none';
    proration_date?: number;
    trial_end?: 'now' | number;
  };
}

/**
 * The next invoice, as it would be: https://docs.stripe.com/api/invoices/create_preview. It really makes the change
 * asked about; whoever calls takes that back (Books.imagine), so a preview can differ in nothing from the bill.
 */
export function previewOf(books: Books, given: PreviewInput): Invoice {
  const { subscription, lines, at } =
    given.subscription === undefined
      ? ofNew(books, given)
      : ofExisting(books, books.need('subscription', given.subscription, 'subscription'), given);
  const customer = books.customer(subscription.customer);
  if (lines.length === 0)
    throw invalidRequest(
      `No upcoming invoices for customer: ${customer.id}`,
      'subscription',
      'invoice_upcoming_none',
      404,
    );
  const discounts = given.discounts
    ? redeem(books, given.discounts, {
        customer: customer.id,
        subscription: subscription.id,
        kept: subscription.discounts,
      })
    : subscription.discounts;
  const invoice = emptyInvoice(books, {
    customer,
    subscription,
    reason: 'upcoming',
    lines,
    period: { start: Math.min(at, periodOf(subscription).start), end: at },
    discounts,
  });
  // What it was begun with: a first invoice that could not be taxed has ended that by now.
  if (given.automatic_tax) invoice.automatic_tax = taxOn(customer, given.automatic_tax.enabled);
  const isNow = at <= invoice.created;
  invoice.id = newId('upcoming_in');
  invoice.created = at;
  invoice.next_payment_attempt = isNow ? at : at + books.settings.draft_seconds;
  invoice.lines.data = lines.map((line) => ({ ...line, invoice: invoice.id }));
  invoice.lines.url = `/v1/invoices/${invoice.id}/lines`;
  const { sums: amounts, lines: priced } = sums(books, invoice);
  return { ...invoice, ...amounts, lines: { ...invoice.lines, data: priced } };
}

/** `at`: when it would be made. */
interface Upcoming {
  subscription: Subscription;
  lines: InvoiceLine[];
  at: number;
}

function ofNew(books: Books, given: PreviewInput): Upcoming {
  const details = given.subscription_details;
  if (given.customer === undefined || !details?.items)
    throw invalidRequest(
      'You must pass `subscription`, or `customer` with `subscription_details[items]`.',
      'customer',
      'parameter_missing',
    );
  const anchor = details.billing_cycle_anchor;
  const subscription = subscribe(books, {
    customer: given.customer,
    items: details.items,
    payment_behavior: 'default_incomplete',
    ...(given.automatic_tax ? { automatic_tax: given.automatic_tax } : {}),
    ...(details.trial_end === undefined ? {} : { trial_end: details.trial_end }),
    ...(typeof anchor === 'number' ? { billing_cycle_anchor: anchor } : {}),
  });
  const invoice = books.store.get('invoice', subscription.latest_invoice ?? '');
  return { subscription, lines: invoice?.lines.data ?? [], at: subscription.created };
}

function ofExisting(books: Books, subscription: Subscription, given: PreviewInput): Upcoming {
  const {
    items,
    proration_behavior,
    proration_date,
    trial_end,
    cancel_now,
    cancel_at_period_end,
    billing_cycle_anchor,
  } = given.subscription_details ?? {};
  const pending = () =>
    pendingItems(books, subscription.customer, subscription.id).map((item) => lineOfInvoiceItem(books, item));
  const restart = billing_cycle_anchor === 'now';
  const now =
    items || restart
      ? applyItems(books, subscription, changeOf(books, subscription, items, restart), {
          proration_behavior,
          proration_date,
        })
      : [];
  if (trial_end === 'now' && subscription.status === 'trialing') now.push(...endTrial(books, subscription));
  const at = books.now(subscription.customer);
  if (now.length > 0) return { subscription, lines: [...pending(), ...now], at };
  if (proration_behavior === 'always_invoice' && pending().length > 0)
    return { subscription, lines: pending(), at };
  const isOver = subscription.status === 'canceled' || subscription.status === 'paused';
  const { start, end } = periodOf(subscription);
  const withPeriod = cancel_at_period_end ?? subscription.cancel_at_period_end;
  const ownEnd = withPeriod ? end : cancel_at_period_end === false ? null : subscription.cancel_at;
  const until = Math.min(end, ownEnd ?? end);
  const ends = cancel_now || isOver || (ownEnd !== null && ownEnd <= end);
  const last = cancel_now || isOver ? [] : lastUses(books, subscription, { start, end: until });
  if (ends) return { subscription, lines: [...pending(), ...last], at: cancel_now ? at : until };
  const { interval, interval_count: count } = subscription.items.data[0]!.price.recurring!;
  const isTrial = subscription.status === 'trialing';
  const anchor = isTrial ? end : subscription.billing_cycle_anchor;
  const next = { start: end, end: nextBoundary(anchor, interval as Interval, count, end) };
  // What is used in a trial costs nothing.
  const recurring = linesForPeriod(books, subscription, next, isTrial ? undefined : { start, end });
  return {
    subscription,
    lines: given.preview_mode === 'recurring' ? recurring : [...pending(), ...recurring],
    at: end,
  };
}
