import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, DomainError, type EventHandler, Handles } from '#platform';
import { TenantDeleted } from '#tenancy/events';
import { BillingConfig } from '../billing.config.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';

/** Nobody pays on for an organisation that is gone: its subscription ends at once. */
@Injectable()
@Handles('billing.end-with-tenant', TenantDeleted, 'effect')
export class EndWithTenant implements EventHandler<typeof TenantDeleted> {
  constructor(
    private readonly accounts: BillingAccounts,
    private readonly gateway: StripeGateway,
    private readonly config: BillingConfig,
  ) {}

  async handle({ tenantId, traceId }: DeliveredEvent<typeof TenantDeleted>): Promise<void> {
    if (!this.config.isEnabled) return;
    const actor = Actor.system(tenantId, traceId);
    const { standing } = await this.accounts.get(actor);
    if (!standing.subscriptionId || standing.state === 'cancelled') return;
    for (const id of [standing.subscriptionId, ...standing.duplicates]) await this.cancel(actor, id);
  }

  private async cancel(actor: Actor, id: string): Promise<void> {
    try {
      await this.gateway.write(actor, {
        verb: 'cancel_subscription',
        params: { id },
        make: (stripe, params, _, options) => stripe.subscriptions.cancel(params.id, {}, options),
        find: async (stripe, params) => {
          const found = await stripe.subscriptions.retrieve(params.id);
          return found.status === 'canceled' ? found : null;
        },
      });
    } catch (error) {
      // What has ended already, Stripe does not find any more.
      if (error instanceof DomainError && error.details?.reason === 'resource_missing') return;
      throw error;
    }
  }
}
