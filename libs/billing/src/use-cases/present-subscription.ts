import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { DomainError } from '#platform';
import type { Standing } from '../domain/standing.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';

/** A subscription as Stripe has it now, with what takes something off it: what we know of it may be a change behind. */
@Injectable()
export class PresentSubscription {
  constructor(private readonly gateway: StripeGateway) {}

  /** Never inside a transaction. Throws 409 `NOT_SUBSCRIBED`, 503 `BILLING_UNAVAILABLE`. */
  async get(id: string): Promise<Stripe.Subscription> {
    const present = await this.gateway.read('look_subscription', (stripe) =>
      // Of a price by use, what is included is told to who asks.
      stripe.subscriptions.retrieve(id, { expand: ['discounts', 'items.data.price.tiers'] }),
    );
    if (present.status === 'canceled') throw notSubscribed();
    return present;
  }
}

/** Which one a tenant may change. Throws 409 `UNDER_CONTRACT` or `NOT_SUBSCRIBED`. */
export function changeableOf(standing: Standing): string {
  notUnderContract(standing);
  const { subscriptionId, state } = standing;
  if (!subscriptionId || state === 'cancelled' || state === 'pending') throw notSubscribed();
  return subscriptionId;
}

/** Who has a contract buys nothing by card beside it. Throws 409 `UNDER_CONTRACT`. */
export function notUnderContract({ state, endsAt }: Standing): void {
  if (state !== 'contract') return;
  throw new DomainError('conflict', 'UNDER_CONTRACT', 'There is a contract; nothing is bought beside it.', {
    details: endsAt === null ? undefined : { endsAt: new Date(endsAt).toISOString() },
  });
}

const notSubscribed = (): DomainError =>
  new DomainError('conflict', 'NOT_SUBSCRIBED', 'There is no subscription; open a checkout first.');
