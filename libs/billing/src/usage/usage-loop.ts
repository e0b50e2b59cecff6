import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Clock, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { UsageShipments } from '../persistence/usage-shipments.js';
import { usesOldest } from './metrics.js';
import { ShipUsage } from './ship-usage.js';
import { BillingUsageConfig } from './usage.config.js';

const FAILED_MAX_MS = 10_000;
/** The ledger is read for it: not with every batch. */
const MEASURED_MS = 15_000;

/** Ships what was used, in every worker that is not told otherwise. */
@Injectable()
export class UsageLoop extends BackgroundLoop {
  private measuredAt = 0;

  constructor(
    private readonly ship: ShipUsage,
    private readonly shipments: UsageShipments,
    private readonly clock: Clock,
    private readonly config: BillingUsageConfig,
    private readonly billing: BillingConfig,
    log: Log,
  ) {
    super({ name: 'The shipping of uses', idleMs: config.idleMs, failedMaxMs: FAILED_MAX_MS, log });
  }

  protected override get isOn(): boolean {
    return this.billing.isEnabled && this.config.isShipping;
  }

  async turn(): Promise<boolean> {
    await this.measure();
    return this.ship.execute();
  }

  private async measure(): Promise<void> {
    const now = this.clock.now().getTime();
    if (now - this.measuredAt < MEASURED_MS) return;
    const oldest = await this.shipments.oldest();
    usesOldest.set(oldest ? (now - oldest.getTime()) / 1_000 : 0);
    this.measuredAt = now;
  }
}
