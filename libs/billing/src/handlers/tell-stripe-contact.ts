import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { ReadContact } from '#identity';
import { DescribePayers } from '#tenancy';
import { BillingConfig } from '../billing.config.js';
import { ContactsChanged } from '../events/index.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';

export interface ContactParams extends Record<string, unknown> {
  id: string;
  email: string;
}

/** How Stripe is told whom its receipts go to. */
export const contactWrite: Omit<Write<Stripe.Customer, ContactParams>, 'params'> = {
  verb: 'update_customer',
  make: (stripe, { id, email }, _, options) => stripe.customers.update(id, { email }, options),
  find: async (stripe, { id, email }) => {
    const found = await stripe.customers.retrieve(id);
    return !found.deleted && found.email === email ? found : null;
  },
};

/** Stripe's receipts go to the first contact; without any, to the first of those who pay. */
@Injectable()
@Handles('billing.tell-stripe-contact', ContactsChanged, 'effect')
export class TellStripeContact implements EventHandler<typeof ContactsChanged> {
  constructor(
    private readonly accounts: BillingAccounts,
    private readonly payers: DescribePayers,
    private readonly readContact: ReadContact,
    private readonly gateway: StripeGateway,
    private readonly config: BillingConfig,
  ) {}

  async handle({ id: eventId, tenantId, traceId }: DeliveredEvent<typeof ContactsChanged>): Promise<void> {
    if (!this.config.isEnabled) return;
    const actor = Actor.system(tenantId, traceId);
    // As they are now: a later change has an event of its own, and may have been heard of before this one.
    const { customerId, contacts } = await this.accounts.get(actor);
    const email = contacts[0] ?? (await this.payer(actor));
    if (!customerId || !email) return;
    const params = { id: customerId, email };
    await this.gateway.write(actor, { ...contactWrite, params, identity: { eventId, email } });
  }

  private async payer(actor: Actor): Promise<string | null> {
    for (const userId of (await this.payers.execute(actor))?.payers ?? []) {
      const contact = await this.readContact.execute(actor, userId);
      if (contact) return contact.email;
    }
    return null;
  }
}
