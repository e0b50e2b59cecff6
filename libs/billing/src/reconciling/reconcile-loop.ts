import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log, Loop } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { Reconcile } from './reconcile.js';

/** How long a worker that finds no sweep due waits before it looks again, in ms; that costs one small statement. */
const IDLE_MS = 2_000;
/** When Stripe is away. */
const FAILED_MAX_MS = 60_000;

/** Compares with Stripe in a worker; of any number of them one at a time does. */
@Injectable()
export class ReconcileLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(
    reconcile: Reconcile,
    log: Log,
    private readonly billing: BillingConfig,
    private readonly work: BillingWorkConfig,
  ) {
    this.loop = new Loop({
      name: 'The comparison with Stripe',
      turn: () => reconcile.turn(),
      idleMs: IDLE_MS,
      failedMaxMs: FAILED_MAX_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    if (this.billing.isEnabled && this.work.isReconciling) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}
