import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { z } from 'zod';
import { type Actor, Clock, DomainError } from '#platform';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { PortalConfiguration } from '../stripe/portal-configuration.js';
import { isConflict } from '../stripe/stripe-failures.js';
import { StripeGateway, type Write } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';

export const OpenPortalInput = z.strictObject({ returnUrl: z.string().max(2_000).optional() });

export interface PortalParams extends Record<string, unknown> {
  customer: string;
  /** Left out in what an earlier release began. */
  configuration?: string;
  returnUrl: string;
  at: string;
}

/** Each opening is one of its own; the page cannot be found again, and a second one does no harm. */
export const portalWrite: Omit<Write<Stripe.BillingPortal.Session, PortalParams>, 'params'> = {
  verb: 'open_portal',
  make: (stripe, { customer, configuration, returnUrl }, _, options) =>
    stripe.billingPortal.sessions.create({ customer, configuration, return_url: returnUrl }, options),
  find: () => Promise.resolve(null),
};

/** Opens the page at Stripe where a tenant changes its card and its address, and finds its invoices. */
@Injectable()
export class OpenPortal {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly gateway: StripeGateway,
    private readonly configuration: PortalConfiguration,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 409 `BILLING_OFF` or `NOT_SUBSCRIBED`, 422 `RETURN_URL_NOT_ALLOWED`, 503. */
  async execute(actor: Actor, input: z.output<typeof OpenPortalInput>): Promise<{ url: string }> {
    this.access.mayManage(actor);
    const returnUrl = this.access.returnUrl(input.returnUrl, '/account');
    const { customerId, facts } = await this.accounts.get(actor);
    // One that was deleted at Stripe has no page any more.
    if (!customerId || (facts?.isDeleted && facts.customerId === customerId))
      throw new DomainError('conflict', 'NOT_SUBSCRIBED', 'Nothing was ever bought; open a checkout first.');
    const configuration = await this.configuration.id();
    const open = async (by: string) => {
      const params = {
        customer: customerId,
        configuration: by,
        returnUrl,
        at: this.clock.now().toISOString(),
      };
      const { url } = await this.gateway.write(actor, { ...portalWrite, params });
      return { url };
    };
    try {
      return await open(configuration);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Somebody may have taken it away at Stripe since it was looked for.
      this.configuration.forget();
      const another = await this.configuration.id();
      if (another === configuration) throw error;
      return open(another);
    }
  }
}
