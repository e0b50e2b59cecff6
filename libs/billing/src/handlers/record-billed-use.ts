import { Injectable } from '@nestjs/common';
import { Clock, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { UsageBilled } from '#licensing/events';
import { BilledUsage } from '../persistence/billed-usage.js';

/** What was used of billed meters is in our ledger before Stripe hears of it. */
@Injectable()
@Handles('billing.record-billed-use', UsageBilled)
export class RecordBilledUse implements EventHandler<typeof UsageBilled> {
  constructor(
    private readonly usage: BilledUsage,
    private readonly clock: Clock,
  ) {}

  async handle({ payload }: DeliveredEvent<typeof UsageBilled>): Promise<void> {
    const { licenseId, meter, idempotencyKey, amount, at } = payload;
    // A key is a licence's own: the same at another one is another use.
    const useKey = `${licenseId} ${idempotencyKey}`;
    await this.usage.record({ meter, useKey, amount, usedAt: new Date(at) }, this.clock.now());
  }
}
