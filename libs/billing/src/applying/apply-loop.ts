import { Injectable } from '@nestjs/common';
import { Log } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { BillingWorkConfig } from '../dunning.config.js';
import { ApplyEvents } from './apply-events.js';
import { ApplyingLoop } from './applying-loop.js';

/** Applies what Stripe told, in every worker that is not told otherwise. */
@Injectable()
export class ApplyLoop extends ApplyingLoop {
  constructor(
    private readonly apply: ApplyEvents,
    billing: BillingConfig,
    work: BillingWorkConfig,
    log: Log,
  ) {
    super('The applying of events of Stripe', billing, work, log);
  }

  turn(): Promise<boolean> {
    return this.apply.execute();
  }
}
