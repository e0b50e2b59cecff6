import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { type Due, StripeInbox } from '../persistence/stripe-inbox.js';
import { FollowCustomer } from '../use-cases/follow-customer.js';
import { ManageContract } from '../use-cases/manage-contract.js';
import { ApplyingLoop } from './applying-loop.js';

/** Who is due and cannot be looked at is tried again after so many ms, then less and less often; longer than a look. */
const LEASE_MS = 60_000;

/** Looks at whom time alone may have changed, and at whom somebody wished to be looked at. */
@Injectable()
export class LookAtDue extends ApplyingLoop {
  constructor(
    private readonly inbox: StripeInbox,
    private readonly follow: FollowCustomer,
    private readonly contracts: ManageContract,
    private readonly clock: Clock,
    log: Log,
    billing: BillingConfig,
    work: BillingWorkConfig,
  ) {
    super('The look at who is due', billing, work, log);
  }

  /** Also where nothing is sold: a contract ends there, too. */
  protected override get isOn(): boolean {
    return this.work.isApplying;
  }

  /** One tenant, so that no time runs out while it waits for others. True when there may be more. */
  async turn(): Promise<boolean> {
    const [due] = await this.inbox.takeDue(this.clock.now(), 1, LEASE_MS);
    if (!due) return false;
    try {
      await this.lookAt(due);
    } catch (error) {
      this.log.warn({ error, tenant_id: due.tenantId }, 'A tenant that was due could not be looked at.');
    }
    return true;
  }

  /** A contract ends when it ends, whatever Stripe says, or if it says nothing; then it is asked again later. */
  private async lookAt({ customerId, tenantId }: Due): Promise<void> {
    const traceId = randomUUID();
    if (!customerId || !this.billing.isEnabled) return this.contracts.endIfOver(tenantId, traceId, null);
    let isFollowed = false;
    try {
      const { outcome } = await this.follow.execute(customerId, traceId);
      isFollowed = outcome !== 'foreign';
    } finally {
      const again = new Date(this.clock.now().getTime() + LEASE_MS);
      if (!isFollowed) await this.contracts.endIfOver(tenantId, traceId, again);
    }
  }
}
