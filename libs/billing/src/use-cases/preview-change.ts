import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import type { z } from 'zod';
import { type Actor, Clock } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { offerOf } from '../domain/offer.js';
import { amountOf } from '../domain/plan-price.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';
import { ChangeSubscription, OfferInput } from './change-subscription.js';

export const PreviewChangeInput = OfferInput.extend({ plan: OfferInput.shape.plan.unwrap() });

/** What a change would cost. Amounts are minor units. */
export interface Preview {
  currency: string;
  /** On the next invoice, with everything that is on it. */
  amountDue: number;
  dueAt: Date;
  lines: { description: string; amount: number }[];
  trialDays: number;
}

const DAY_MS = 86_400_000;

/** Tells what a plan would cost this tenant, before it is bought or changed to. Changes nothing. */
@Injectable()
export class PreviewChange {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly change: ChangeSubscription,
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
    private readonly clock: Clock,
  ) {}

  /** Throws 403, 409 `BILLING_OFF`, 422 `PLAN_NOT_SOLD` or `SEATS_OUT_OF_BOUNDS`, 503 `BILLING_UNAVAILABLE`. */
  async execute(actor: Actor, input: z.output<typeof PreviewChangeInput>): Promise<Preview> {
    this.access.mayManage(actor);
    const { standing, trialUsedAt } = await this.accounts.get(actor);
    const { subscriptionId } = standing;
    if (!subscriptionId || standing.state === 'cancelled') return this.ofNew(input, trialUsedAt !== null);

    const present = await this.gateway.read('look_subscription', (stripe) =>
      stripe.subscriptions.retrieve(subscriptionId),
    );
    const items = await this.change.changesTo(input, standing, present);
    const invoice = await this.gateway.read('preview', (stripe) =>
      stripe.invoices.createPreview({
        customer: customerOf(present),
        subscription: subscriptionId,
        subscription_details: { items, proration_behavior: this.prices.list.proration },
      }),
    );
    return {
      currency: invoice.currency,
      amountDue: invoice.amount_due,
      dueAt: new Date((invoice.next_payment_attempt ?? invoice.period_end) * 1_000),
      lines: invoice.lines.data.map((line) => ({ description: line.description ?? '', amount: line.amount })),
      trialDays: 0,
    };
  }

  /** By the price list alone: Stripe is asked when it comes to paying. */
  private ofNew(input: z.output<typeof PreviewChangeInput>, isTrialUsed: boolean): Preview {
    const { list } = this.prices;
    const { plan, interval, seats } = offerOf(list, { interval: 'month', ...input });
    const amount = amountOf(plan, interval, seats) ?? 0;
    const trialDays = isTrialUsed ? 0 : plan.trialDays;
    return {
      currency: list.currency,
      amountDue: amount,
      dueAt: new Date(this.clock.now().getTime() + trialDays * DAY_MS),
      lines: [
        { description: `${list.productName} ${plan.name}, ${seats} seats, by the ${interval}`, amount },
      ],
      trialDays,
    };
  }
}

const customerOf = ({ customer }: Stripe.Subscription) =>
  typeof customer === 'string' ? customer : customer.id;
