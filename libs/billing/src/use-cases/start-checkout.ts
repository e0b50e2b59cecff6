import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { Prices } from '../catalogue/prices.js';
import { CheckoutConfig } from '../checkout.config.js';
import { itemsOf, type Offer, offerOf } from '../domain/offer.js';
import type { State } from '../events/words.js';
import { INTERVALS } from '../events/words.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { type Checkout, type CheckoutParams, Checkouts } from '../persistence/checkouts.js';
import { digestOf, type StripeWrite, StripeWrites } from '../persistence/stripe-writes.js';
import { orNull } from '../stripe/look.js';
import { PriceIds } from '../stripe/price-ids.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';
import { EnsureCustomer } from './ensure-customer.js';

export const Seats = z.int().min(1).max(100_000);
const ReturnUrl = z.string().max(2_000).optional();

export const StartCheckoutInput = z.strictObject({
  plan: z.enum(LICENSE_TYPES),
  interval: z.enum(INTERVALS).default('month'),
  /** Left out: as many as the plan gives. */
  seats: Seats.optional(),
  successUrl: ReturnUrl,
  cancelUrl: ReturnUrl,
  /** Known, and ignored unless the operator lets it count (C49). */
  trialDays: z.int().min(0).max(730).optional(),
});

/** Nobody pays at these; whoever stands elsewhere has a subscription that can be changed. */
const MAY_BUY: readonly State[] = ['none', 'pending', 'cancelled'];
/** How long the page stays open, in seconds: Stripe takes from half an hour to a day. */
const OPEN_SECONDS = 23 * 3_600;
/** Nobody is sent to a page that closes within so many ms. */
const NEARLY_OVER_MS = 60_000;
const TRIES = 3;

type Reserved =
  | { is: 'open'; checkout: Checkout }
  | { is: 'begun'; checkout: Checkout; write: StripeWrite }
  /** Another one is in the way. */
  | { is: 'other'; checkout: Checkout };

/**
 * Opens the page at Stripe where a tenant subscribes. There is one at a time: who asks again for the same gets the same
 * page, who asks for something else closes the old one first, so that nobody ends up with two subscriptions.
 */
@Injectable()
export class StartCheckout {
  constructor(
    private readonly access: BillingAccess,
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly checkouts: Checkouts,
    private readonly writes: StripeWrites,
    private readonly gateway: StripeGateway,
    private readonly customer: EnsureCustomer,
    private readonly priceIds: PriceIds,
    private readonly prices: Prices,
    private readonly config: CheckoutConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 409 `BILLING_OFF`, `ALREADY_SUBSCRIBED` or `BILLING_BUSY`, 422
   * `PLAN_NOT_SOLD`, `SEATS_OUT_OF_BOUNDS` or `RETURN_URL_NOT_ALLOWED`, 503 `BILLING_UNAVAILABLE`.
   */
  async execute(
    actor: Actor,
    input: z.output<typeof StartCheckoutInput>,
  ): Promise<{ url: string; expiresAt: Date }> {
    this.access.mayManage(actor);
    const offer = offerOf(this.prices.list, input);
    const urls = {
      successUrl: this.access.returnUrl(input.successUrl, '/account?billing=success'),
      cancelUrl: this.access.returnUrl(input.cancelUrl, '/account?billing=cancelled'),
    };
    mayBuy(await this.accounts.get(actor));
    const [items, customer] = await Promise.all([
      this.priceIds.of(itemsOf(this.prices.list, offer)),
      this.customer.execute(actor),
    ]);
    const wanted = { customer, items, ...urls };

    for (let tries = 0; tries < TRIES; tries++) {
      const reserved = await this.reserve(actor, offer, input.trialDays, wanted);
      if (reserved.is === 'other') await this.closeOther(actor, reserved.checkout);
      else if (reserved.is === 'begun') return this.open(actor, reserved);
      else if (await this.isOpen(reserved.checkout)) return shown(reserved.checkout);
      else await this.checkouts.close(actor, reserved.checkout.digest);
    }
    throw busy();
  }

  /** Under the lock of the account: one page for a tenant, and a trial only for the first subscription. */
  private reserve(
    actor: Actor,
    offer: Offer,
    trialDays: number | undefined,
    wanted: Pick<CheckoutParams, 'customer' | 'items' | 'successUrl' | 'cancelUrl'>,
  ): Promise<Reserved> {
    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const account = await this.accounts.lock(now);
      mayBuy(account);
      const params = {
        ...wanted,
        trialDays: account.trialUsedAt ? 0 : this.trialOf(offer, trialDays),
        takesPromotionCodes: this.config.takesPromotionCodes,
        collectsTax: this.config.collectsTax,
      };
      const digest = digestOf(params);
      const there = await this.checkouts.open(new Date(now.getTime() + NEARLY_OVER_MS));
      if (there && there.digest !== digest) return { is: 'other', checkout: there };
      if (there?.url) return { is: 'open', checkout: there };
      const expiresAt = Math.floor(now.getTime() / 1_000) + OPEN_SECONDS;
      const full: CheckoutParams = there?.params ?? { ...params, expiresAt };
      if (!there) await this.checkouts.put(digest, full);
      const checkout: Checkout = {
        digest,
        params: full,
        sessionId: null,
        url: null,
        expiresAt: new Date(full.expiresAt * 1_000),
      };
      return { is: 'begun', checkout, write: await this.writes.begin(actor, this.write(checkout)) };
    });
  }

  /** By the plan; the caller's word counts where the operator lets it (S2-06, C49). */
  private trialOf({ plan }: Offer, wanted: number | undefined): number {
    return this.config.isTrialChosen && wanted !== undefined ? wanted : plan.trialDays;
  }

  private async open(
    actor: Actor,
    { checkout, write }: Extract<Reserved, { is: 'begun' }>,
  ): Promise<{ url: string; expiresAt: Date }> {
    try {
      const { url } = await this.gateway.write(actor, this.write(checkout), write);
      return shown({ ...checkout, url });
    } catch (error) {
      // What Stripe will not open is in nobody's way.
      if (error instanceof DomainError && error.code === 'BILLING_CONFLICT')
        await this.checkouts.close(actor, checkout.digest);
      throw error;
    }
  }

  /** Paid or run out in the meantime: the account will tell, or the next page can be opened. */
  private async isOpen({ sessionId }: Checkout): Promise<boolean> {
    const session = await this.gateway.read('look_checkout', (stripe) =>
      orNull(stripe.checkout.sessions.retrieve(sessionId!)),
    );
    if (session?.status === 'complete') throw busy();
    return session?.status === 'open';
  }

  private async closeOther(actor: Actor, other: Checkout): Promise<void> {
    // Nobody heard how its opening ended: it is finished first, so that there is something to close.
    const id = other.sessionId ?? (await this.gateway.write(actor, this.write(other))).id;
    if (await this.isOpen({ ...other, sessionId: id })) {
      await this.gateway.write(actor, {
        verb: 'expire_checkout',
        params: { id },
        make: (stripe, params, _, options) => stripe.checkout.sessions.expire(params.id, {}, options),
        find: async (stripe, params) => {
          const session = await stripe.checkout.sessions.retrieve(params.id);
          return session.status === 'open' ? null : session;
        },
      });
    }
    await this.checkouts.close(actor, other.digest);
  }

  private write(checkout: Checkout): Write<Stripe.Checkout.Session, CheckoutParams> {
    return {
      verb: 'create_checkout',
      params: checkout.params,
      make: (stripe, params, marks, options) =>
        stripe.checkout.sessions.create(
          {
            mode: 'subscription',
            customer: params.customer,
            line_items: params.items.map(({ priceId, quantity }) => ({ price: priceId, quantity })),
            success_url: params.successUrl,
            cancel_url: params.cancelUrl,
            expires_at: params.expiresAt,
            client_reference_id: marks.tenant_id,
            metadata: { ...marks },
            subscription_data: {
              metadata: { ...marks },
              ...(params.trialDays > 0 ? { trial_period_days: params.trialDays } : {}),
            },
            ...(params.takesPromotionCodes ? { allow_promotion_codes: true } : {}),
            ...(params.collectsTax
              ? { automatic_tax: { enabled: true }, customer_update: { address: 'auto' } }
              : {}),
          },
          options,
        ),
      find: async (stripe, params, marks) => {
        const sessions = await stripe.checkout.sessions.list({ customer: params.customer, limit: 100 });
        return sessions.data.find((one) => one.metadata?.gatehouse_write === marks.gatehouse_write) ?? null;
      },
      done: async (session) => {
        await this.accounts.lock(this.clock.now());
        await this.checkouts.opened(checkout.digest, session);
      },
    };
  }
}

function mayBuy({ standing }: BillingAccount): void {
  if (MAY_BUY.includes(standing.state)) return;
  throw new DomainError(
    'conflict',
    'ALREADY_SUBSCRIBED',
    'There is a subscription already; change that one instead.',
  );
}

const busy = (): DomainError =>
  new DomainError('conflict', 'BILLING_BUSY', 'The same is being done right now; try again.', {
    retryAfterSeconds: 1,
  });

function shown({ url, expiresAt }: Checkout): { url: string; expiresAt: Date } {
  if (!url) throw busy();
  return { url, expiresAt };
}
