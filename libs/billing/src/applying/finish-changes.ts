import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Actor, DomainError, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { OpenWishes } from '../persistence/open-wishes.js';
import { MakeChanges } from '../use-cases/make-changes.js';
import { ApplyingLoop } from './applying-loop.js';

const BATCH = 20;
/** Of a worker that was killed another takes over after so many ms. */
const LEASE_MS = 15_000;

/** Makes what somebody wanted of a subscription and whose process did not live, or could not reach Stripe, to make it. */
@Injectable()
export class FinishChanges extends ApplyingLoop {
  constructor(
    private readonly open: OpenWishes,
    private readonly changes: MakeChanges,
    billing: BillingConfig,
    work: BillingWorkConfig,
    log: Log,
  ) {
    super('The making of changes that nobody has made', billing, work, log);
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
