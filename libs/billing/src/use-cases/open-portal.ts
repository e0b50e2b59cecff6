import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, DomainError } from '#platform';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { BillingAccess } from './billing-access.js';

export const OpenPortalInput = z.strictObject({ returnUrl: z.string().max(2_000).optional() });

/** Opens the page at Stripe where a tenant changes its card and its address, and finds its invoices. */
@Injectable()
export class OpenPortal {
  constructor(
    private readonly access: BillingAccess,
    private readonly accounts: BillingAccounts,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 409 `BILLING_OFF` or `NOT_SUBSCRIBED`, 422 `RETURN_URL_NOT_ALLOWED`, 503. */
  async execute(actor: Actor, input: z.output<typeof OpenPortalInput>): Promise<{ url: string }> {
    this.access.mayManage(actor);
    const returnUrl = this.access.returnUrl(input.returnUrl, '/account');
    const { customerId } = await this.accounts.get(actor);
    if (!customerId)
      throw new DomainError('conflict', 'NOT_SUBSCRIBED', 'Nothing was ever bought; open a checkout first.');
    const { url } = await this.gateway.write(actor, {
      verb: 'open_portal',
      // Each opening is one of its own; the page cannot be found again, and a second one does no harm.
      params: { customer: customerId, returnUrl, at: this.clock.now().toISOString() },
      make: (stripe, params, _, options) =>
        stripe.billingPortal.sessions.create(
          { customer: params.customer, return_url: params.returnUrl },
          options,
        ),
      find: () => Promise.resolve(null),
    });
    return { url };
  }
}
