import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { Prices } from '../catalogue/prices.js';
import { CheckoutConfig } from '../checkout.config.js';
import { couponFor, couponId, notValid } from '../domain/coupon.js';
import { itemsOf, type Offer, offerOf } from '../domain/offer.js';
import { TRIAL_DAYS_MAX, trialDaysOf } from '../domain/trial.js';
import type { Standing } from '../domain/standing.js';
import type { State } from '../events/words.js';
import { INTERVALS } from '../events/words.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { type Checkout, type CheckoutParams, Checkouts } from '../persistence/checkouts.js';
import { digestOf, type StripeWrite, StripeWrites } from '../persistence/stripe-writes.js';
import { PriceIds } from '../stripe/price-ids.js';
import { busy, isConflict } from '../stripe/stripe-failures.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';
import { CheckoutPages } from './checkout-pages.js';
import { EnsureCustomer } from './ensure-customer.js';
import { notUnderContract } from './present-subscription.js';

export const Seats = z.int().min(1).max(100_000);
export const CouponText = z.string().min(1).max(40);
/** Known, and ignored unless the operator lets it count (C49). */
export const WishedTrialDays = z.int().min(0).max(TRIAL_DAYS_MAX).optional();
const ReturnUrl = z.string().max(2_000).optional();

export const StartCheckoutInput = z.strictObject({
  plan: z.enum(LICENSE_TYPES),
  interval: z.enum(INTERVALS).default('month'),
  /** Left out: as many as the plan gives. */
  seats: Seats.optional(),
  successUrl: ReturnUrl,
  cancelUrl: ReturnUrl,
  coupon: CouponText.optional(),
  trialDays: WishedTrialDays,
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
    private readonly pages: CheckoutPages,
    private readonly writes: StripeWrites,
    private readonly gateway: StripeGateway,
    private readonly customer: EnsureCustomer,
    private readonly priceIds: PriceIds,
    private readonly prices: Prices,
    private readonly config: CheckoutConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 409 `BILLING_OFF`, `ALREADY_SUBSCRIBED` or `UNDER_CONTRACT`, 422
   * `PLAN_NOT_SOLD`, `SEATS_OUT_OF_BOUNDS`, `COUPON_NOT_VALID` or `RETURN_URL_NOT_ALLOWED`, 503 `BILLING_UNAVAILABLE` or `BILLING_BUSY`.
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
    const { hadTrial, unpaid } = await this.pages.past(actor, customer);
    const wanted = { customer, items, ...urls };

    for (let tries = 0; tries < TRIES; tries++) {
      const reserved = await this.reserve(actor, offer, { ...input, hadTrial }, wanted);
      if (reserved.is === 'other') await this.pages.close(actor, reserved.checkout);
      else if (reserved.is === 'begun') return this.open(actor, reserved, unpaid);
      else if (await this.pages.isOpen(actor, reserved.checkout.sessionId!)) return shown(reserved.checkout);
      else await this.checkouts.close(actor, reserved.checkout);
    }
    throw busy();
  }

  /** Under the lock of the account: one page for a tenant, and a trial only for the first subscription. */
  private reserve(
    actor: Actor,
    offer: Offer,
    { trialDays, coupon, hadTrial }: z.output<typeof StartCheckoutInput> & { hadTrial: boolean },
    wanted: Pick<CheckoutParams, 'customer' | 'items' | 'successUrl' | 'cancelUrl'>,
  ): Promise<Reserved> {
    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const account = await this.accounts.lock(now);
      mayBuy(account);
      const { list } = this.prices;
      const use = { offer, isNew: isNew(account) && !hadTrial, now: now.getTime() };
      const params = {
        ...wanted,
        trialDays: trialDaysOf(offer.plan, {
          isUsed: account.trialUsedAt !== null || hadTrial,
          isChosen: this.config.isTrialChosen,
          wished: [trialDays, account.chosenTrialDays],
        }),
        coupon: coupon === undefined ? null : couponId(list.code, couponFor(list.coupons, coupon, use)),
        takesPromotionCodes: this.config.takesPromotionCodes,
        collectsTax: this.config.collectsTax,
        collectsTaxIds: this.config.collectsTax && list.tax?.collectIds === true,
      };
      const digest = digestOf(params);
      const there = await this.checkouts.get();
      // What has run out may have been paid before: it is looked at like any other.
      const isOver = there && there.expiresAt.getTime() <= now.getTime() + NEARLY_OVER_MS;
      if (there && (isOver || there.digest !== digest)) return { is: 'other', checkout: there };
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
      return { is: 'begun', checkout, write: await this.writes.begin(actor, this.pages.write(checkout)) };
    });
  }

  private async open(
    actor: Actor,
    { checkout, write }: Extract<Reserved, { is: 'begun' }>,
    unpaid: readonly string[],
  ): Promise<{ url: string; expiresAt: Date }> {
    for (const id of unpaid) await this.pages.cancelUnpaid(actor, id);
    try {
      const { url } = await this.gateway.write(actor, this.pages.write(checkout), write);
      return shown({ ...checkout, url });
    } catch (error) {
      // What Stripe will not open is in nobody's way.
      if (isConflict(error)) {
        await this.checkouts.close(actor, checkout);
        if (error.details?.reason === 'coupon_expired') throw notValid('used_up');
      }
      throw error;
    }
  }
}

/** Whether whoever wants something buys it, instead of changing what they have. */
export const isToBuy = ({ state }: Standing): boolean => MAY_BUY.includes(state);

/** Whether the tenant never had a subscription. */
export const isNew = ({ standing, trialUsedAt }: BillingAccount): boolean =>
  trialUsedAt === null && (standing.state === 'none' || standing.state === 'pending');

function mayBuy({ standing }: BillingAccount): void {
  notUnderContract(standing);
  if (isToBuy(standing)) return;
  throw new DomainError(
    'conflict',
    'ALREADY_SUBSCRIBED',
    'There is a subscription already; change that one instead.',
  );
}

function shown({ url, expiresAt }: Checkout): { url: string; expiresAt: Date } {
  if (!url) throw busy();
  return { url, expiresAt };
}
