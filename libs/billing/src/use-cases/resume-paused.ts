import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock, DomainError } from '#platform';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { paymentActionRequired } from '../stripe/stripe-failures.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';

export const RESUME = 'resume_subscription';

/**
 * Takes back that a subscription is paused: a new period begins, and it goes on once that is paid
 * (docs.stripe.com/billing/subscriptions/pause). What was not paid before comes first.
 */
@Injectable()
export class ResumePaused {
  constructor(
    private readonly accounts: BillingAccounts,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
  ) {}

  /**
   * One that is not paused stays as it is. Throws 409 `BILLING_CONFLICT` where only who sells can take the pause back, or
   * Stripe does not let it be, 422 `PAYMENT_ACTION_REQUIRED` while an invoice waits to be paid, 503 `BILLING_UNAVAILABLE`.
   */
  async execute(
    actor: Actor,
    { id, status, pause_collection: collection }: Stripe.Subscription,
  ): Promise<void> {
    if (status !== 'paused') {
      if (collection) throw pausedBySeller();
      return;
    }
    await this.mustOweNothing(id);
    const { status: now } = await this.gateway.write(actor, this.write({ id }));
    if (now !== 'paused') return;
    await this.mustOweNothing(id);
    throw paymentActionRequired(null);
  }

  write(params: { id: string }): Write<Stripe.Subscription, { id: string }> {
    return {
      verb: RESUME,
      params,
      make: (stripe, { id }, _, options) =>
        // Left to its default, Stripe would try no card, and give access while nobody has paid.
        stripe.subscriptions.resume(id, { payment_behavior: 'resume_on_payment_success' }, options),
      find: async (stripe, { id }) => {
        const found = await stripe.subscriptions.retrieve(id);
        return found.status === 'paused' ? null : found;
      },
      done: () => this.accounts.hasten(this.clock.now()),
    };
  }

  private async mustOweNothing(subscription: string): Promise<void> {
    const { data } = await this.gateway.read('look_invoices', (stripe) =>
      stripe.invoices.list({ subscription, status: 'open', limit: 1 }),
    );
    const [owed] = data;
    if (owed) throw paymentActionRequired(owed.hosted_invoice_url ?? null);
  }
}

const pausedBySeller = (): DomainError =>
  new DomainError('conflict', 'BILLING_CONFLICT', 'Whoever sells has paused it, and has to take that back.', {
    details: { reason: 'collection_paused' },
  });
