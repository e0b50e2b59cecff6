import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { sideBySide } from '#platform';
import { isAlive } from '../domain/project.js';
import type {
  ChargeFacts,
  ChargesSeen,
  DiscountFacts,
  StripeFacts,
  SubscriptionFacts,
  UnpaidFacts,
} from '../domain/stripe-facts.js';
import { LookAtCharges } from './look-at-charges.js';
import { StripeGateway } from './stripe-gateway.js';
import { isMissing } from './stripe-failures.js';

/**
 * Stripe's most for a page. Nobody has more subscriptions; the newest that many invoices hold the last one that was paid,
 * or begin longer ago than anybody's grace.
 */
const PAGE = 100;

/** What Stripe shows of listed subscriptions only where it is asked for: without it {@link subscriptionFacts} has no discount. */
export const LISTED_WITH = ['data.discounts', 'data.discounts.source.coupon'];

/** A look, and whose the customer says it is. */
export interface Look {
  facts: Omit<StripeFacts, 'charges'>;
  /** null: nobody has looked at them. */
  charges: readonly ChargeFacts[] | null;
  /** What metadata of the customer, or of its newest subscription that has any, names. */
  tenantId: string | null;
}

/** Looks at what Stripe has of a customer now. */
@Injectable()
export class StripeLook {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly charges: LookAtCharges,
  ) {}

  /**
   * Null: Stripe never heard of the customer. `charges`: to be looked at, too, beside those that are known. Throws 503
   * `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`.
   */
  async at(customerId: string, charges: { known: ChargesSeen | null } | null): Promise<Look | null> {
    const customer = await this.gateway.read('look_customer', (stripe) =>
      orNull(stripe.customers.retrieve(customerId)),
    );
    if (!customer) return null;
    if (customer.deleted) return { facts: gone(customerId), charges: null, tenantId: null };

    const subscriptions = await this.gateway.read('look_subscriptions', (stripe) =>
      stripe.subscriptions.list({
        ...{ customer: customerId, status: 'all', limit: PAGE },
        expand: LISTED_WITH,
      }),
    );
    const clockAt = await this.clockOf(customer);
    const facts = await sideBySide(subscriptions.data, this.gateway.atOnce, async (one) =>
      subscriptionFacts(one, await this.unpaidOf(one, customerId)),
    );
    const periods = facts.filter((one) => isAlive(one.status)).map((one) => one.periodStart);
    const paid = charges && (await this.charges.execute(customerId, charges.known, Math.min(...periods)));
    const tenantId =
      customer.metadata?.tenant_id ??
      subscriptions.data.map((one) => one.metadata?.tenant_id).find((one) => one !== undefined) ??
      null;
    return {
      facts: { customerId, isDeleted: false, clockAt, subscriptions: facts },
      charges: paid,
      tenantId,
    };
  }

  private async clockOf({ test_clock: clock }: Stripe.Customer): Promise<number | null> {
    if (!clock) return null;
    if (typeof clock !== 'string') return clock.frozen_time;
    const found = await this.gateway.read('look_test_clock', (stripe) =>
      orNull(stripe.testHelpers.testClocks.retrieve(clock)),
    );
    return found?.frozen_time ?? null;
  }

  private async unpaidOf(one: Stripe.Subscription, customerId: string): Promise<UnpaidFacts | null> {
    if (one.status !== 'past_due' && one.status !== 'unpaid' && !isPausedUnpaid(one)) return null;
    const newest = await this.gateway.read('look_invoices', (stripe) =>
      stripe.invoices.list({ subscription: one.id, limit: PAGE }),
    );
    const owed = unpaidOf(newest.data);
    if (!owed) return null;
    // Of a pause Stripe says itself when it began.
    const lastTriedAt = one.status === 'unpaid' ? await this.lastTried(customerId, owed.since) : null;
    return { ...owed, lastTriedAt };
  }

  /** Stripe gives up with its last attempt, and says nowhere when that was but at the charge. */
  private async lastTried(customerId: string, since: number): Promise<number | null> {
    const { data } = await this.gateway.read('look_attempts', (stripe) =>
      stripe.charges.list({ customer: customerId, created: { gte: since }, limit: PAGE }),
    );
    const failed = data.filter((one) => one.status === 'failed').map((one) => one.created);
    return failed.length === 0 ? null : Math.max(...failed);
  }
}

const isPausedUnpaid = (one: Stripe.Subscription): boolean =>
  one.status_details?.paused?.subscription?.type === 'final_payment_failure';

type Owed = Omit<UnpaidFacts, 'lastTriedAt'>;

/**
 * The oldest of the invoices that should have been paid since the last one that was; `newest` comes first. One from before
 * that is what Stripe itself goes on without: its status follows the latest invoice
 * (docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions).
 */
export function unpaidOf(newest: readonly Stripe.Invoice[]): Owed | null {
  const paid = newest.findIndex((one) => one.status === 'paid');
  const owed = newest
    .slice(0, paid < 0 ? newest.length : paid)
    .filter((one) => one.status === 'open' && (one.attempted || one.collection_method === 'send_invoice'))
    .map(unpaidFacts);
  return owed.sort((a, b) => a.since - b.since)[0] ?? null;
}

function unpaidFacts(invoice: Stripe.Invoice): Owed {
  const { finalized_at: finalizedAt } = invoice.status_transitions;
  const tried = finalizedAt ?? invoice.effective_at ?? invoice.created;
  return {
    invoiceId: invoice.id,
    // What is charged is tried when it is finalised; what is sent has until it is due.
    since: invoice.collection_method === 'send_invoice' ? (invoice.due_date ?? tried) : tried,
    amountDue: invoice.amount_remaining,
    currency: invoice.currency,
    nextAttemptAt: invoice.next_payment_attempt,
  };
}

/** What is kept of a subscription; what is not paid of it is no part of the object. */
export function subscriptionFacts(one: Stripe.Subscription, unpaid: UnpaidFacts | null): SubscriptionFacts {
  const items = one.items.data.map(({ id, price, quantity, current_period_end: periodEnd }) => ({
    id,
    priceId: price.id,
    lookupKey: price.lookup_key ?? null,
    plan: price.metadata?.gatehouse_plan ?? null,
    part: price.metadata?.gatehouse_part ?? null,
    ...(price.metadata?.gatehouse_meter ? { meter: price.metadata.gatehouse_meter } : {}),
    interval: price.recurring?.interval ?? null,
    quantity: quantity ?? 1,
    periodEnd,
  }));
  const ends = Math.min(...items.map((item) => item.periodEnd));
  return {
    id: one.id,
    status: one.status,
    created: one.created,
    periodStart: Math.max(one.created, ...one.items.data.map((item) => item.current_period_start)),
    items,
    trialEnd: one.trial_end,
    discount: discountFacts(one),
    cancelAt: one.cancel_at ?? (one.cancel_at_period_end && items.length > 0 ? ends : null),
    cancelledAt: one.canceled_at,
    endedAt: one.ended_at ?? one.canceled_at,
    pausedCollection: one.pause_collection?.behavior ?? null,
    pausedReason: one.status_details?.paused?.subscription?.type ?? null,
    pausedAt: one.status_details?.paused?.transitioned_at ?? null,
    unpaid,
  };
}

/** Null also where nobody asked Stripe to tell. */
function discountFacts({ discounts }: Stripe.Subscription): DiscountFacts | null {
  const [discount] = discounts;
  if (discount === undefined || typeof discount === 'string') return null;
  const { coupon } = discount.source;
  if (coupon === null || typeof coupon === 'string') return null;
  return {
    name: coupon.name ?? coupon.id,
    percentOff: coupon.percent_off,
    amountOff: coupon.amount_off,
    currency: coupon.currency,
    endsAt: discount.end,
  };
}

const gone = (customerId: string): Look['facts'] => ({
  customerId,
  isDeleted: true,
  clockAt: null,
  subscriptions: [],
});

/** What Stripe does not have. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
