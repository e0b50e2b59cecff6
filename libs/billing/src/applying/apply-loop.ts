import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { ApplyEvents } from './apply-events.js';

const FAILED_MAX_MS = 10_000;

/** Applies what Stripe told, in every worker that is not told otherwise. */
@Injectable()
export class ApplyLoop extends BackgroundLoop {
  constructor(
    private readonly apply: ApplyEvents,
    private readonly billing: BillingConfig,
    private readonly work: BillingWorkConfig,
    log: Log,
  ) {
    super({
      name: 'The applying of events of Stripe',
      idleMs: work.idleMs,
      failedMaxMs: FAILED_MAX_MS,
      log,
    });
  }

  protected override get isOn(): boolean {
    return this.billing.isEnabled && this.work.isApplying;
  }

  turn(): Promise<boolean> {
    return this.apply.execute();
  }
}
