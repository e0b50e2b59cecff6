import { Injectable } from '@nestjs/common';
import { Clock, Log } from '#platform';
import { countedOf, isCounted, minuteOf, stepOf } from '../domain/shipment.js';
import { MinutesOfUses } from '../persistence/minutes-of-uses.js';
import { type TakenUse, UsageShipments } from '../persistence/usage-shipments.js';
import { failureWord } from '../stripe/stripe-failures.js';
import { CountedUsage } from './counted-usage.js';
import { usesSettled } from './metrics.js';

const RETRY_MS = 300_000;

/** Finds out what became of uses that were sent so long ago that Stripe would count them again: by what it has counted. */
@Injectable()
export class CompareUsage {
  constructor(
    private readonly shipments: UsageShipments,
    private readonly minutes: MinutesOfUses,
    private readonly countedUsage: CountedUsage,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Settles it with all of its minute, or leaves it for later. */
  async execute(use: TakenUse): Promise<void> {
    const { tenantId, meter, usedAt } = use;
    const from = minuteOf(usedAt);
    const { shipped, unknown, untold, lastAt } = await this.minutes.get(use, from);
    const now = this.clock.now();
    const isMoving = unknown.some((one) => stepOf({ usedAt, sentAt: one.sentAt }, now) !== 'compare');
    // What has just been shipped is in our sum, and not yet in Stripe's.
    if (isMoving || (lastAt && !isCounted(lastAt, now)))
      return this.shipments.postpone(use, RETRY_MS, 'NOT_YET');
    let counted: number | null;
    try {
      counted = await this.countedUsage.execute(use, from);
    } catch (error) {
      return this.shipments.postpone(use, RETRY_MS, failureWord(error));
    }
    const amounts = unknown.map((one) => one.amount);
    const verdict =
      counted === null || untold.length > 0 ? 'unclear' : countedOf({ counted, shipped, unknown: amounts });
    this.log.info({ tenant_id: tenantId, meter, from, counted, shipped, verdict }, 'Uses were compared.');
    for (const { id } of unknown) {
      const one = { ...use, id, sentAt: null };
      // It was never counted: a first attempt is due again.
      if (verdict === 'none') await this.shipments.takeBack(one, 0, 'NOT_COUNTED');
      else {
        const outcome = verdict === 'all' ? 'shipped' : 'parked';
        const isMine = await this.shipments.settle(
          one,
          outcome,
          outcome === 'parked' ? 'UNCLEAR' : null,
          now,
        );
        if (isMine) usesSettled.inc({ outcome });
      }
    }
  }
}
