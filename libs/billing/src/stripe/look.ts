import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import type { StripeFacts, SubscriptionFacts, UnpaidFacts } from '../domain/stripe-facts.js';
import { StripeGateway } from './stripe-gateway.js';
import { isMissing } from './stripe-failures.js';

/** Stripe's most for a page; nobody has more subscriptions, and of more unpaid invoices the oldest are enough. */
const PAGE = 100;
const OWING = new Set(['past_due', 'unpaid']);

/** A look, and whose the customer says it is. */
export interface Look {
  facts: StripeFacts;
  /** What metadata of the customer, or of its newest subscription that has any, names. */
  tenantId: string | null;
}

/** Looks at what Stripe has of a customer now. */
@Injectable()
export class StripeLook {
  constructor(private readonly gateway: StripeGateway) {}

  /** Null: Stripe never heard of the customer. Throws 503 `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`. */
  async at(customerId: string): Promise<Look | null> {
    const customer = await this.gateway.read('look_customer', (stripe) =>
      orNull(stripe.customers.retrieve(customerId)),
    );
    if (!customer) return null;
    if (customer.deleted) return { facts: gone(customerId), tenantId: null };

    const [subscriptions, clockAt] = await Promise.all([
      this.gateway.read('look_subscriptions', (stripe) =>
        stripe.subscriptions.list({ customer: customerId, status: 'all', limit: PAGE }),
      ),
      this.clockOf(customer),
    ]);
    const facts = await Promise.all(
      subscriptions.data.map(async (one) => subscriptionFacts(one, await this.unpaidOf(one))),
    );
    const tenantId =
      customer.metadata?.tenant_id ??
      subscriptions.data.map((one) => one.metadata?.tenant_id).find((one) => one !== undefined) ??
      null;
    return { facts: { customerId, isDeleted: false, clockAt, subscriptions: facts }, tenantId };
  }

  private async clockOf({ test_clock: clock }: Stripe.Customer): Promise<number | null> {
    if (!clock) return null;
    if (typeof clock !== 'string') return clock.frozen_time;
    const found = await this.gateway.read('look_test_clock', (stripe) =>
      orNull(stripe.testHelpers.testClocks.retrieve(clock)),
    );
    return found?.frozen_time ?? null;
  }

  private async unpaidOf(one: Stripe.Subscription): Promise<UnpaidFacts | null> {
    if (!OWING.has(one.status)) return null;
    const open = await this.gateway.read('look_invoices', (stripe) =>
      stripe.invoices.list({ subscription: one.id, status: 'open', limit: PAGE }),
    );
    const owed = open.data
      .filter((invoice) => invoice.attempted || invoice.collection_method === 'send_invoice')
      .map(unpaidFacts);
    return owed.sort((a, b) => a.since - b.since)[0] ?? null;
  }
}

function unpaidFacts(invoice: Stripe.Invoice): UnpaidFacts {
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
    cancelAt: one.cancel_at ?? (one.cancel_at_period_end && items.length > 0 ? ends : null),
    endedAt: one.ended_at ?? one.canceled_at,
    pausedCollection: one.pause_collection?.behavior ?? null,
    pausedReason: one.status_details?.paused?.subscription?.type ?? null,
    unpaid,
  };
}

const gone = (customerId: string): StripeFacts => ({
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
