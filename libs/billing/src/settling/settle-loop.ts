import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { SettleWrites } from './settle-writes.js';

/** Nothing is due sooner than after a minute, in ms. */
const IDLE_MS = 5_000;
/** When Stripe is away. */
const FAILED_MAX_MS = 60_000;

/** Settles writes in every worker that applies events. */
@Injectable()
export class SettleLoop extends BackgroundLoop {
  constructor(
    private readonly settle: SettleWrites,
    private readonly billing: BillingConfig,
    private readonly work: BillingWorkConfig,
    log: Log,
  ) {
    super({
      name: 'The settling of writes that nobody heard of',
      idleMs: IDLE_MS,
      failedMaxMs: FAILED_MAX_MS,
      log,
    });
  }

  protected override get isOn(): boolean {
    return this.billing.isEnabled && this.work.isApplying;
  }

  turn(): Promise<boolean> {
    return this.settle.execute();
  }
}
