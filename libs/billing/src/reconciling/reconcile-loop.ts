import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { Reconcile } from './reconcile.js';

/** How long a worker that finds no sweep due waits before it looks again, in ms; that costs one small statement. */
const IDLE_MS = 2_000;
/** When Stripe is away. */
const FAILED_MAX_MS = 60_000;

/** Compares with Stripe in a worker; of any number of them one at a time does. */
@Injectable()
export class ReconcileLoop extends BackgroundLoop {
  constructor(
    private readonly reconcile: Reconcile,
    private readonly billing: BillingConfig,
    private readonly work: BillingWorkConfig,
    log: Log,
  ) {
    super({ name: 'The comparison with Stripe', idleMs: IDLE_MS, failedMaxMs: FAILED_MAX_MS, log });
  }

  protected override get isOn(): boolean {
    return this.billing.isEnabled && this.work.isReconciling;
  }

  turn(): Promise<boolean | void> {
    return this.reconcile.turn();
  }
}
