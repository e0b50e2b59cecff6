import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import type { z } from 'zod';
import { type Actor, Clock } from '#platform';
import { CheckoutConfig } from '../checkout.config.js';
import { Prices } from '../catalogue/prices.js';
import { amountOff, type Coupon, couponFor, couponId } from '../domain/coupon.js';
import { itemsOf, type Offer, offerOf } from '../domain/offer.js';
import { amountOf, amountOfMany, amountOfOne, type UsePrice } from '../domain/plan-price.js';
import { trialDaysOf } from '../domain/trial.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { refId } from '../stripe/id-of.js';
import { meteredTerms } from '../stripe/metered-price.js';
import { askedFor, PriceIds } from '../stripe/price-ids.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';
import { OfferInput } from './change-subscription.js';
import { ChangedItems } from './changed-items.js';
import { boughtOf } from './make-changes.js';
import { notUnderContract, PresentSubscription } from './present-subscription.js';
import { taxOf } from './read-invoices.js';
import { CouponText, isNew, isToBuy, WishedTrialDays } from './start-checkout.js';

export const PreviewChangeInput = OfferInput.extend({
  plan: OfferInput.shape.plan.unwrap(),
  /** Of a first purchase; a change goes by the discount that is there. */
  coupon: CouponText.optional(),
  trialDays: WishedTrialDays,
});

interface PreviewLine {
  description: string;
  amount: number;
}

/** What a change would cost. Amounts are minor units. */
export interface Preview {
  currency: string;
  /** On the next invoice, with everything that is on it. */
  amountDue: number;
  /** In that; null: nobody knows before the checkout asks for an address. */
  tax: number | null;
  dueAt: Date;
  lines: PreviewLine[];
  /** What is used costs beside that, at the end of each period. */
  usage: readonly UsePrice[];
  trialDays: number;
}

const DAY_MS = 86_400_000;

/** Tells what a plan would cost this tenant, before it is bought or changed to. Changes nothing. */
@Injectable()
export class PreviewChange {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly present: PresentSubscription,
    private readonly changed: ChangedItems,
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
    private readonly priceIds: PriceIds,
    private readonly config: CheckoutConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403, 409 `BILLING_OFF`, `NOT_SUBSCRIBED` or `UNDER_CONTRACT`, 422 `PLAN_NOT_SOLD`, `SEATS_OUT_OF_BOUNDS` or `COUPON_NOT_VALID`, 503
   * `BILLING_UNAVAILABLE`.
   */
  async execute(actor: Actor, input: z.output<typeof PreviewChangeInput>): Promise<Preview> {
    this.access.mayManage(actor);
    const account = await this.accounts.get(actor);
    const { standing } = account;
    notUnderContract(standing);
    const { subscriptionId } = standing;
    if (!subscriptionId || isToBuy(standing)) return this.ofNew(input, account);

    const present = await this.present.get(subscriptionId);
    const { offer, items, keptUses, terms } = await this.changed.of(input, present, boughtOf(standing));
    const invoice = await this.gateway.read('preview', (stripe) =>
      stripe.invoices.createPreview({
        customer: refId(present.customer),
        subscription: subscriptionId,
        ...(terms.discounts === undefined ? {} : { discounts: terms.discounts }),
        subscription_details: {
          items,
          proration_behavior: this.prices.list.proration,
          ...(terms.trial_end === undefined ? {} : { trial_end: terms.trial_end }),
        },
      }),
    );
    return {
      currency: invoice.currency,
      amountDue: invoice.amount_due,
      tax: taxOf(invoice),
      dueAt: new Date((invoice.next_payment_attempt ?? invoice.period_end) * 1_000),
      lines: linesOf(invoice),
      usage: keptUses
        ? present.items.data
            .filter(({ id }) => keptUses.includes(id))
            .flatMap((one) => useOf(one, offer.plan.usage))
        : offer.plan.usage,
      trialDays: 0,
    };
  }

  /** By the price list; of tax Stripe is asked, where it knows an address. */
  private async ofNew(input: z.output<typeof PreviewChangeInput>, account: BillingAccount): Promise<Preview> {
    const { list } = this.prices;
    const offer = offerOf(list, { interval: 'month', ...input });
    const { plan, interval, seats } = offer;
    const amount = amountOf(plan, interval, seats) ?? 0;
    const now = this.clock.now().getTime();
    const coupon =
      input.coupon === undefined
        ? null
        : couponFor(list.coupons, input.coupon, { offer, isNew: isNew(account), now });
    const off = coupon ? amountOff(coupon, amount) : 0;
    const trialDays = trialDaysOf(plan, {
      isUsed: account.trialUsedAt !== null,
      isChosen: this.config.isTrialChosen,
      wished: [input.trialDays, account.chosenTrialDays],
    });
    const taxed = await this.taxed(account, offer, coupon);
    return {
      currency: list.currency,
      amountDue: taxed?.total ?? amount - off,
      tax: taxed ? taxed.tax : this.config.collectsTax ? null : 0,
      dueAt: new Date(now + trialDays * DAY_MS),
      lines: [
        { description: `${list.productName} ${plan.name}, ${seats} seats, by the ${interval}`, amount },
        ...(coupon ? [{ description: `Coupon ${coupon.name}`, amount: -off }] : []),
      ],
      usage: plan.usage,
      trialDays,
    };
  }

  private async taxed(
    { customerId }: BillingAccount,
    offer: Offer,
    coupon: Coupon | null,
  ): Promise<{ total: number; tax: number } | null> {
    if (!this.config.collectsTax || !customerId) return null;
    const { list } = this.prices;
    const items = await this.priceIds.of(itemsOf(list, offer));
    const invoice = await this.gateway.read('preview', (stripe) =>
      stripe.invoices.createPreview({
        customer: customerId,
        automatic_tax: { enabled: true },
        subscription_details: { items: items.map(askedFor) },
        ...(coupon ? { discounts: [{ coupon: couponId(list.code, coupon) }] } : {}),
      }),
    );
    // Without an address Stripe counts none, and says so.
    if (invoice.automatic_tax.status !== 'complete') return null;
    return { total: invoice.total, tax: taxOf(invoice) };
  }
}

/** The first page of them, and what the others come to: a preview has nowhere that lists them all. */
function linesOf({ lines, subtotal }: Stripe.Invoice): PreviewLine[] {
  const shown = lines.data.map(({ description, amount }) => ({ description: description ?? '', amount }));
  if (!lines.has_more) return shown;
  const others = subtotal - shown.reduce((sum, one) => sum + one.amount, 0);
  return [...shown, { description: 'All other lines of the invoice', amount: others }];
}

/** What somebody has, whatever it is sold for by now: in the words of the price list, where that says the same. */
function useOf({ price }: Stripe.SubscriptionItem, sold: readonly UsePrice[]): UsePrice[] {
  const terms = meteredTerms(price);
  const meter = price.metadata?.gatehouse_meter;
  if (!terms || !meter) return [];
  const { ofOne, included } = terms;
  const same = sold.find(
    (one) => one.meter === meter && amountOfOne(one) === ofOne && one.included === included,
  );
  return [same ?? { meter, ...amountOfMany(ofOne), included }];
}
