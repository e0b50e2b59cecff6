import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Actor, BackgroundLoop, DomainError, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { OpenWishes } from '../persistence/open-wishes.js';
import { MakeChanges } from '../use-cases/make-changes.js';

const BATCH = 20;
/** Of a worker that was killed another takes over after so many ms. */
const LEASE_MS = 15_000;
const FAILED_MAX_MS = 10_000;

/** Makes what somebody wanted of a subscription and whose process did not live, or could not reach Stripe, to make it. */
@Injectable()
export class FinishChanges extends BackgroundLoop {
  constructor(
    private readonly open: OpenWishes,
    private readonly changes: MakeChanges,
    private readonly billing: BillingConfig,
    private readonly work: BillingWorkConfig,
    private readonly log: Log,
  ) {
    super({
      name: 'The making of changes that nobody has made',
      idleMs: work.idleMs,
      failedMaxMs: FAILED_MAX_MS,
      log,
    });
  }

  protected override get isOn(): boolean {
    return this.billing.isEnabled && this.work.isApplying;
  }

  /** One batch; true when there may be more. */
  async turn(): Promise<boolean> {
    const tenants = await this.open.take(BATCH, LEASE_MS);
    for (const tenantId of tenants) {
      try {
        await this.changes.turn(Actor.system(tenantId, randomUUID()));
      } catch (error) {
        if (error instanceof DomainError && error.code === 'TENANT_DELETED') continue;
        this.log.warn({ error, tenant_id: tenantId }, 'A change could not be made; it is tried again.');
      }
    }
    return tenants.length === BATCH;
  }
}
