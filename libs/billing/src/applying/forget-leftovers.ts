import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Clock, Log, type TenantEraser } from '#platform';
import { BillingWorkConfig } from '../dunning.config.js';
import { Drifts } from '../persistence/drifts.js';
import { StripeLeftovers } from '../persistence/stripe-leftovers.js';

const DAY_MS = 86_400_000;
const EVERY_MS = 600_000;
/** Rows in one statement: locks are short. */
const BATCH = 1_000;

/** Forgets what Stripe has told and was asked once its days are over, and what there is of a tenant that is gone. */
@Injectable()
export class ForgetLeftovers extends BackgroundLoop implements TenantEraser {
  constructor(
    private readonly leftovers: StripeLeftovers,
    private readonly drifts: Drifts,
    private readonly config: BillingWorkConfig,
    private readonly clock: Clock,
    log: Log,
  ) {
    super({ name: 'The forgetting of what Stripe has told', idleMs: EVERY_MS, log });
  }

  protected override get isOn(): boolean {
    return this.config.isApplying;
  }

  /** A batch of each; true when there may be more. */
  async turn(): Promise<boolean> {
    const ago = (days: number) => new Date(this.clock.now().getTime() - days * DAY_MS);
    const { keepDays, keepToldDays } = this.config;
    const more = [
      await this.leftovers.forgetEvents(ago(keepDays), BATCH),
      await this.leftovers.forgetWrites(ago(keepDays), BATCH),
      await this.drifts.forget(ago(keepDays), BATCH),
      await this.leftovers.forgetProductWrites(ago(keepDays), BATCH),
      await this.leftovers.forgetEffects(ago(keepToldDays), BATCH),
    ];
    return more.includes(true);
  }

  /** While it is still known which customers are the tenant's. */
  erase(tenantId: string): Promise<void> {
    return this.leftovers.own(tenantId);
  }
}
