import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { ShipUsage } from './ship-usage.js';
import { BillingUsageConfig } from './usage.config.js';

const FAILED_MAX_MS = 10_000;

/** Ships what was used, in every worker that is not told otherwise. */
@Injectable()
export class UsageLoop extends BackgroundLoop {
  constructor(
    private readonly ship: ShipUsage,
    private readonly config: BillingUsageConfig,
    private readonly billing: BillingConfig,
    log: Log,
  ) {
    super({ name: 'The shipping of uses', idleMs: config.idleMs, failedMaxMs: FAILED_MAX_MS, log });
  }

  protected override get isOn(): boolean {
    return this.billing.isEnabled && this.config.isShipping;
  }

  turn(): Promise<boolean> {
    return this.ship.execute();
  }
}
