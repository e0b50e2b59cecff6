import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock, Log, Loop } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { StripeInbox } from '../persistence/stripe-inbox.js';
import { FollowCustomer } from '../use-cases/follow-customer.js';
import { ManageContract } from '../use-cases/manage-contract.js';
import { ApplyEvents } from './apply-events.js';

const FAILED_MAX_MS = 10_000;
const DUE_BATCH = 20;
/** A customer who is due and cannot be looked at is tried again after so many ms, then less and less often. */
const DUE_LEASE_MS = 30_000;

/** What a worker does by itself: applies what Stripe told, and looks at whom time alone may have changed. */
@Injectable()
export class BillingLoops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: readonly Loop[];

  constructor(
    private readonly apply: ApplyEvents,
    private readonly follow: FollowCustomer,
    private readonly contracts: ManageContract,
    private readonly inbox: StripeInbox,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly billing: BillingConfig,
    private readonly work: BillingWorkConfig,
  ) {
    const { idleMs } = work;
    this.loops = [
      new Loop({
        name: 'The applying of events of Stripe',
        turn: () => this.apply.execute(),
        idleMs,
        failedMaxMs: FAILED_MAX_MS,
        log,
      }),
      new Loop({
        name: 'The look at who is due',
        turn: () => this.lookAtDue(),
        idleMs,
        failedMaxMs: FAILED_MAX_MS,
        log,
      }),
    ];
  }

  onApplicationBootstrap(): void {
    if (!this.billing.isEnabled || !this.work.isApplying) return;
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  /** One batch, one after the other: nobody waits for it. True when there may be more. */
  async lookAtDue(): Promise<boolean> {
    const due = await this.inbox.takeDue(this.clock.now(), DUE_BATCH, DUE_LEASE_MS);
    for (const { customerId, tenantId } of due) {
      try {
        if (customerId) await this.follow.execute(customerId, randomUUID());
        else await this.contracts.restate(tenantId, randomUUID());
      } catch (error) {
        this.log.warn({ error, tenant_id: tenantId }, 'A tenant that was due could not be looked at.');
      }
    }
    return due.length === DUE_BATCH;
  }
}
