import { Injectable } from '@nestjs/common';
import { Actor, Clock, type DeliveredEvent, type EventHandler, Handles, type TenantEraser } from '#platform';
import { TenantDeleted } from '#tenancy/events';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { Endings } from '../persistence/endings.js';

/**
 * Nobody pays on for an organisation that is gone: its customer is written down where no erasure comes, and ended by
 * EndCustomers, now or when Stripe is back.
 */
@Injectable()
@Handles('billing.end-with-tenant', TenantDeleted, 'effect')
export class EndWithTenant implements EventHandler<typeof TenantDeleted>, TenantEraser {
  constructor(
    private readonly accounts: BillingAccounts,
    private readonly endings: Endings,
    private readonly clock: Clock,
  ) {}

  async handle({ tenantId, traceId }: DeliveredEvent<typeof TenantDeleted>): Promise<void> {
    const { customerId } = await this.accounts.get(Actor.system(tenantId, traceId));
    if (customerId) await this.endings.begin(customerId, this.clock.now());
  }

  /** Once more before its rows go: an event may be a day late, and then it finds nobody. */
  async erase(tenantId: string): Promise<void> {
    await this.endings.beginOf(tenantId, this.clock.now());
  }
}
