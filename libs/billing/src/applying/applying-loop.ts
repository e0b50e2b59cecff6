import { BackgroundLoop, type Log } from '#platform';
import type { BillingConfig } from '../billing.config.js';
import type { BillingWorkConfig } from '../dunning.config.js';

const FAILED_MAX_MS = 10_000;

/** What a worker repeats that applies what Stripe has told, where something is sold; `BILLING_APPLY` says whether it is one. */
export abstract class ApplyingLoop extends BackgroundLoop {
  constructor(
    name: string,
    protected readonly billing: BillingConfig,
    protected readonly work: BillingWorkConfig,
    protected readonly log: Log,
  ) {
    super({ name, idleMs: work.idleMs, failedMaxMs: FAILED_MAX_MS, log });
  }

  protected override get isOn(): boolean {
    return this.billing.isEnabled && this.work.isApplying;
  }
}
