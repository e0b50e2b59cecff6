import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log, Loop } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { ShipUsage } from './ship-usage.js';
import { BillingUsageConfig } from './usage.config.js';

const FAILED_MAX_MS = 10_000;

/** Ships what was used, in every worker that is not told otherwise. */
@Injectable()
export class UsageLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(
    ship: ShipUsage,
    private readonly config: BillingUsageConfig,
    private readonly billing: BillingConfig,
    log: Log,
  ) {
    const turn = () => ship.execute();
    const { idleMs } = config;
    this.loop = new Loop({
      name: 'The shipping of uses',
      turn,
      idleMs,
      failedMaxMs: FAILED_MAX_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    if (this.billing.isEnabled && this.config.isShipping) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}
