import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, Clock } from '#platform';
import type { ItemChange } from '../domain/offer.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { refId } from '../stripe/id-of.js';
import { busy, isConflict, paymentActionRequired } from '../stripe/stripe-failures.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';

export interface PendingParams extends Record<string, unknown> {
  id: string;
  items: ItemChange[];
  proration: 'create_prorations' | 'always_invoice' | 'none';
  trialEnd?: number | 'now';
}

export const WHEN_PAID = 'change_when_paid';

/**
 * Asks for a change whose payment a bank wants a person to confirm: it waits at Stripe for at most 23 h, and is made once
 * its invoice is paid (docs.stripe.com/billing/subscriptions/pending-updates).
 */
@Injectable()
export class ChangeWhenPaid {
  constructor(
    private readonly accounts: BillingAccounts,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
  ) {}

  /**
   * Comes back when the payment went through after all. Throws 422 `PAYMENT_ACTION_REQUIRED`, which names the page where it
   * waits, or none where Stripe lets the change not wait; 409 `BILLING_BUSY`, 503 `BILLING_UNAVAILABLE`.
   */
  async execute(actor: Actor, params: PendingParams): Promise<void> {
    const { pending_update: pending, latest_invoice: latest } = await this.ask(actor, params);
    if (!pending) return;
    throw paymentActionRequired(latest === null ? null : await this.pageOf(latest));
  }

  /**
   * Nobody waits for that any more: its invoice cannot be paid, and nothing of it is made. Throws 503 `BILLING_BUSY` when
   * somebody has just paid it.
   */
  async drop(
    actor: Actor,
    { pending_update: pending, latest_invoice: latest }: Stripe.Subscription,
  ): Promise<void> {
    if (!pending || !latest) return;
    try {
      await this.gateway.write(actor, this.voidWrite({ id: refId(latest) }));
    } catch (error) {
      if (isConflict(error)) throw busy(error);
      throw error;
    }
  }

  /** https://docs.stripe.com/billing/subscriptions/pending-updates: a pending update goes with its invoice. */
  voidWrite(params: { id: string }): Write<Stripe.Invoice, { id: string }> {
    return {
      verb: 'void_invoice',
      params,
      make: (stripe, { id }, _, options) => stripe.invoices.voidInvoice(id, {}, options),
      find: async (stripe, { id }) => {
        const found = await stripe.invoices.retrieve(id);
        return found.status === 'open' ? null : found;
      },
      done: () => this.accounts.hasten(this.clock.now()),
    };
  }

  write(params: PendingParams): Write<Stripe.Subscription, PendingParams> {
    return {
      verb: WHEN_PAID,
      params,
      make: (stripe, { id, items, proration, trialEnd }, _, options) =>
        // Stripe takes no metadata beside this behaviour, so there are no marks to look for.
        stripe.subscriptions.update(
          id,
          {
            items,
            proration_behavior: proration,
            payment_behavior: 'pending_if_incomplete',
            ...(trialEnd === undefined ? {} : { trial_end: trialEnd }),
          },
          options,
        ),
      find: async (stripe, { id }) => {
        const found = await stripe.subscriptions.retrieve(id);
        return found.pending_update ? found : null;
      },
      done: () => this.accounts.hasten(this.clock.now()),
    };
  }

  private async ask(actor: Actor, params: PendingParams): Promise<Stripe.Subscription> {
    try {
      return await this.gateway.write(actor, this.write(params));
    } catch (error) {
      // Of some subscriptions nothing can wait: then a person has to be there when it is asked for.
      if (isConflict(error)) throw paymentActionRequired(null, error);
      throw error;
    }
  }

  private async pageOf(latest: string | Stripe.Invoice): Promise<string | null> {
    if (typeof latest !== 'string') return latest.hosted_invoice_url ?? null;
    const invoice = await this.gateway.read('look_invoice', (stripe) => stripe.invoices.retrieve(latest));
    return invoice.hosted_invoice_url ?? null;
  }
}
