import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { isOurs } from '../domain/ours.js';
import { isAlive } from '../domain/project.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { type Checkout, type CheckoutParams, Checkouts } from '../persistence/checkouts.js';
import { orNull, subscriptionFacts } from '../stripe/look.js';
import { askedFor } from '../stripe/price-ids.js';
import { busy, isConflict, isMissing } from '../stripe/stripe-failures.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';

/** Stripe's most for a page; nobody has more subscriptions. */
const PAGE = 100;

/** What Stripe has of a customer who is about to buy; we may not have been told. */
export interface Past {
  hadTrial: boolean;
  /** Subscriptions whose first payment is still awaited: another page beside one of them could be paid twice. */
  unpaid: readonly string[];
}

/** The pages at Stripe where people pay, and what is left of those that are over. */
@Injectable()
export class CheckoutPages {
  constructor(
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly checkouts: Checkouts,
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
    private readonly clock: Clock,
  ) {}

  /** Whether people can still pay there. Throws 503 `BILLING_BUSY` when somebody has: the account is about to tell. */
  async isOpen(actor: Actor, sessionId: string): Promise<boolean> {
    const session = await this.gateway.read('look_checkout', (stripe) =>
      orNull(stripe.checkout.sessions.retrieve(sessionId, { expand: ['subscription'] })),
    );
    if (session?.status === 'complete' && isGoing(session.subscription)) throw await this.paid(actor);
    return session?.status === 'open';
  }

  /**
   * Nobody pays there any more, whatever its time says: it may have been paid before it ran out, and nobody told us.
   * Throws like {@link isOpen}.
   */
  async close(actor: Actor, page: Checkout): Promise<void> {
    // Nobody heard how its opening ended: it is finished first, so that there is something to close.
    const id = page.sessionId ?? (await this.finished(actor, page));
    if (id && (await this.isOpen(actor, id))) await this.expire(actor, id);
    await this.checkouts.close(actor, page);
  }

  /** What the customer has bought before. Throws like {@link isOpen} when some of it goes on, whatever we know of it. */
  async past(actor: Actor, customer: string): Promise<Past> {
    const { data } = await this.gateway.read('look_subscriptions', (stripe) =>
      stripe.subscriptions.list({ customer, status: 'all', limit: PAGE }),
    );
    const ours = data.filter((one) => isOurs(subscriptionFacts(one, null), this.prices.list));
    const alive = ours.filter((one) => isAlive(one.status));
    if (alive.some((one) => one.status !== 'incomplete')) throw await this.paid(actor);
    return { hadTrial: ours.some((one) => one.trial_end !== null), unpaid: alive.map((one) => one.id) };
  }

  /** Its invoice cannot be paid any more. Throws like {@link isOpen} when it just was. */
  async cancelUnpaid(actor: Actor, id: string): Promise<void> {
    const present = await this.gateway.read('look_subscription', (stripe) =>
      stripe.subscriptions.retrieve(id),
    );
    if (!isAlive(present.status)) return;
    if (present.status !== 'incomplete') throw await this.paid(actor);
    await this.gateway.write(actor, { ...cancelWrite, params: { id } });
  }

  /** How a page is opened. */
  write(checkout: Checkout): Write<Stripe.Checkout.Session, CheckoutParams> {
    return {
      verb: 'create_checkout',
      params: checkout.params,
      make: (stripe, params, marks, options) =>
        stripe.checkout.sessions.create(
          {
            mode: 'subscription',
            customer: params.customer,
            line_items: params.items.map(askedFor),
            success_url: params.successUrl,
            cancel_url: params.cancelUrl,
            expires_at: params.expiresAt,
            client_reference_id: marks.tenant_id,
            metadata: { ...marks },
            subscription_data: {
              metadata: { ...marks },
              ...(params.trialDays > 0 ? { trial_period_days: params.trialDays } : {}),
            },
            // Stripe takes one of the two.
            ...(params.coupon
              ? { discounts: [{ coupon: params.coupon }] }
              : params.takesPromotionCodes
                ? { allow_promotion_codes: true }
                : {}),
            ...(params.collectsTax
              ? { automatic_tax: { enabled: true }, customer_update: { address: 'auto', name: 'auto' } }
              : {}),
            ...(params.collectsTaxIds ? { tax_id_collection: { enabled: true } } : {}),
          },
          options,
        ),
      find: async (stripe, params, marks) => {
        const sessions = await stripe.checkout.sessions.list({ customer: params.customer, limit: PAGE });
        return sessions.data.find((one) => one.metadata?.gatehouse_write === marks.gatehouse_write) ?? null;
      },
      done: async (session) => {
        await this.accounts.lock(this.clock.now());
        await this.checkouts.opened(checkout, session);
      },
    };
  }

  /** Null: Stripe will not open it any more, so nobody has it. */
  private async finished(actor: Actor, page: Checkout): Promise<string | null> {
    try {
      return (await this.gateway.write(actor, this.write(page))).id;
    } catch (error) {
      if (isConflict(error)) return null;
      throw error;
    }
  }

  private async expire(actor: Actor, id: string): Promise<void> {
    try {
      await this.gateway.write(actor, { ...expireWrite, params: { id } });
    } catch (error) {
      // Stripe expires none but what is open: it was paid, or ran out, at this moment.
      if (!isConflict(error) || (await this.isOpen(actor, id))) throw error;
    }
  }

  /** Whoever comes again finds what was bought: a worker looks as soon as it can, whether Stripe has told us or not. */
  private async paid(actor: Actor): Promise<DomainError> {
    await this.db.transaction(actor, () => this.accounts.hasten(this.clock.now()));
    return busy();
  }
}

/** How a page is closed. */
export const expireWrite: Omit<Write<Stripe.Checkout.Session, { id: string }>, 'params'> = {
  verb: 'expire_checkout',
  make: (stripe, { id }, _, options) => stripe.checkout.sessions.expire(id, {}, options),
  find: async (stripe, { id }) => {
    const session = await stripe.checkout.sessions.retrieve(id);
    return session.status === 'open' ? null : session;
  },
};

/** How a subscription is cancelled whose first payment is still awaited. */
export const cancelWrite: Omit<Write<Stripe.Subscription, { id: string }>, 'params'> = {
  verb: 'cancel_subscription',
  make: async (stripe, { id }, _, options) => {
    try {
      return await stripe.subscriptions.cancel(id, {}, options);
    } catch (error) {
      // A key has no effect here: asked again, what is cancelled is not there to cancel.
      const ended = isMissing(error) ? await endedOne(stripe, id) : null;
      if (!ended) throw error;
      return ended;
    }
  },
  find: (stripe, { id }) => endedOne(stripe, id),
};

/** The subscription, if it has ended. */
async function endedOne(stripe: Stripe, id: string): Promise<Stripe.Subscription | null> {
  const found = await stripe.subscriptions.retrieve(id);
  return isAlive(found.status) ? null : found;
}

/** What was bought there and has ended since is in nobody's way. */
const isGoing = (bought: Stripe.Checkout.Session['subscription']): boolean =>
  bought === null || typeof bought === 'string' || isAlive(bought.status);
