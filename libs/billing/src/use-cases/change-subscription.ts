import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { z } from 'zod';
import { type Actor, Clock, DomainError } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { Prices } from '../catalogue/prices.js';
import { type ItemChange, itemChanges, itemsOf, offerOf } from '../domain/offer.js';
import type { Standing } from '../domain/standing.js';
import { INTERVALS } from '../events/words.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { PriceIds } from '../stripe/price-ids.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';
import { Seats } from './start-checkout.js';

export const OfferInput = z.strictObject({
  plan: z.enum(LICENSE_TYPES).optional(),
  interval: z.enum(INTERVALS).optional(),
  seats: Seats.optional(),
});

export const ChangeSubscriptionInput = z
  .union([
    OfferInput,
    /** At the end of what is paid. */
    z.strictObject({ cancel: z.literal(true) }),
    /** Takes a cancellation back. */
    z.strictObject({ resume: z.literal(true) }),
  ])
  .refine((input) => Object.keys(input).length > 0, 'must change something');

/** Stripe takes 200 changes of a quantity an hour and 20 invoices a day; ours are bounded well below, for each tenant. */
const CHANGES_PER_HOUR = 30;
const HOUR_MS = 3_600_000;

/** What a subscription becomes, as Stripe is asked for it. */
type Change = { items: ItemChange[] } | { cancel: boolean };

/** Changes plan, interval or seats of the subscription, cancels it, or takes that back. */
@Injectable()
export class ChangeSubscription {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly writes: StripeWrites,
    private readonly gateway: StripeGateway,
    private readonly priceIds: PriceIds,
    private readonly prices: Prices,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives the account as it is known now; what Stripe makes of the change is there within seconds. What is so already
   * changes nothing. Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 409 `BILLING_OFF`, `NOT_SUBSCRIBED`,
   * `BILLING_BUSY` or `BILLING_CONFLICT`, 422 `PLAN_NOT_SOLD`, `SEATS_OUT_OF_BOUNDS` or `CARD_DECLINED`, 429
   * `CHANGES_EXHAUSTED`, 503 `BILLING_UNAVAILABLE`.
   */
  async execute(actor: Actor, input: z.output<typeof ChangeSubscriptionInput>): Promise<BillingAccount> {
    this.access.mayManage(actor);
    const account = await this.accounts.get(actor);
    const present = await this.present(account.standing);
    const change = await this.changeOf(input, account.standing, present);
    if (change) {
      await this.mayChange(actor);
      await this.write(actor, present.id, change);
    }
    return account;
  }

  /** The subscription as Stripe has it now: what we know of it may be a change behind. Throws 409 `NOT_SUBSCRIBED`. */
  private async present({ subscriptionId, state }: Standing): Promise<Stripe.Subscription> {
    if (!subscriptionId || state === 'cancelled' || state === 'pending') throw notSubscribed();
    const present = await this.gateway.read('look_subscription', (stripe) =>
      stripe.subscriptions.retrieve(subscriptionId),
    );
    if (present.status === 'canceled') throw notSubscribed();
    return present;
  }

  /** Null: it is so already. */
  private async changeOf(
    input: z.output<typeof ChangeSubscriptionInput>,
    standing: Standing,
    present: Stripe.Subscription,
  ): Promise<Change | null> {
    const isEnding = present.cancel_at !== null || present.cancel_at_period_end;
    if ('cancel' in input) return isEnding ? null : { cancel: true };
    if ('resume' in input) return isEnding ? { cancel: false } : null;
    const items = await this.changesTo(input, standing, present);
    return items.length === 0 ? null : { items };
  }

  /** What is left out stays; another plan begins with the seats it gives. */
  async changesTo(
    input: z.output<typeof OfferInput>,
    standing: Standing,
    present: Stripe.Subscription,
  ): Promise<ItemChange[]> {
    const plan = input.plan ?? standing.plan;
    const kept = plan === standing.plan ? (standing.seats ?? undefined) : undefined;
    const offer = offerOf(this.prices.list, {
      plan,
      interval: input.interval ?? standing.interval ?? 'month',
      seats: input.seats ?? kept,
    });
    const wanted = await this.priceIds.of(itemsOf(this.prices.list, offer));
    const has = present.items.data.map(({ id, price, quantity }) => ({
      id,
      priceId: price.id,
      quantity: quantity ?? 1,
    }));
    return itemChanges(has, wanted);
  }

  private async mayChange(actor: Actor): Promise<void> {
    const since = new Date(this.clock.now().getTime() - HOUR_MS);
    if ((await this.writes.countSince(actor, 'change_subscription', since)) < CHANGES_PER_HOUR) return;
    throw new DomainError(
      'too_many',
      'CHANGES_EXHAUSTED',
      'Too many changes within the hour; try again later.',
      {
        retryAfterSeconds: HOUR_MS / 1_000 / CHANGES_PER_HOUR,
      },
    );
  }

  private async write(actor: Actor, id: string, change: Change): Promise<void> {
    const { proration } = this.prices.list;
    await this.gateway.write(actor, {
      verb: 'change_subscription',
      params: { id, change, proration },
      make: (stripe, params, marks, options) =>
        stripe.subscriptions.update(params.id, { ...updateOf(params), metadata: { ...marks } }, options),
      // The marks of the last change stand on the subscription.
      find: async (stripe, params, marks) => {
        const found = await stripe.subscriptions.retrieve(params.id);
        return found.metadata?.gatehouse_write === marks.gatehouse_write ? found : null;
      },
      done: () => this.accounts.hasten(this.clock.now()),
    });
  }
}

interface ChangeParams {
  change: Change;
  proration: 'create_prorations' | 'always_invoice' | 'none';
}

function updateOf({ change, proration }: ChangeParams): Stripe.SubscriptionUpdateParams {
  if ('items' in change) {
    return {
      items: change.items,
      proration_behavior: proration,
      // A card that is declined changes nothing, instead of leaving a subscription that is not paid.
      payment_behavior: 'error_if_incomplete',
    };
  }
  // Taken back is also an end that somebody set by date.
  return change.cancel ? { cancel_at_period_end: true } : { cancel_at_period_end: false, cancel_at: '' };
}

const notSubscribed = (): DomainError =>
  new DomainError('conflict', 'NOT_SUBSCRIBED', 'There is no subscription; open a checkout first.');
