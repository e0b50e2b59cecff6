import { Injectable } from '@nestjs/common';
import { Clock, Log } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { countedOf, meterEventName, stepOf } from '../domain/shipment.js';
import { type TakenUse, UsageShipments } from '../persistence/usage-shipments.js';
import { failureWord } from '../stripe/stripe-failures.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { usesSettled } from './metrics.js';

const MINUTE_MS = 60_000;
const RETRY_MS = 300_000;
const METERS = 100;

/** Finds out what became of uses that were sent so long ago that Stripe would count them again: by what it has counted. */
@Injectable()
export class CompareUsage {
  constructor(
    private readonly shipments: UsageShipments,
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Settles it with all of its minute, or leaves it for later. */
  async execute(use: TakenUse & { customerId: string }): Promise<void> {
    const { tenantId, meter, usedAt } = use;
    const from = new Date(Math.floor(usedAt.getTime() / MINUTE_MS) * MINUTE_MS);
    const minute = await this.shipments.minute(tenantId, meter, from);
    const now = this.clock.now();
    if (minute.unknown.some((one) => stepOf({ usedAt, sentAt: one.sentAt }, now) !== 'compare'))
      return this.shipments.postpone(use, RETRY_MS, 'NOT_YET');
    let counted: number | null;
    try {
      counted = await this.countedBy(use, from);
    } catch (error) {
      return this.shipments.postpone(use, RETRY_MS, failureWord(error));
    }
    const { shipped, unknown, parked } = minute;
    const amounts = unknown.map((one) => one.amount);
    const verdict =
      counted === null || parked > 0 ? 'unclear' : countedOf({ counted, shipped, unknown: amounts });
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

  /** Null: there is no such meter, or it does not add up. */
  private async countedBy({ customerId, meter }: TakenUse, from: Date): Promise<number | null> {
    const name = meterEventName(this.prices.list.code, meter);
    const meters = await this.gateway.read('find_meter', (stripe) =>
      stripe.billing.meters.list({ limit: METERS }),
    );
    const found = meters.data.find((one) => one.event_name === name && one.status === 'active');
    if (found?.default_aggregation.formula !== 'sum') return null;
    const start = from.getTime() / 1_000;
    const summaries = await this.gateway.read('look_usage', (stripe) =>
      stripe.billing.meters.listEventSummaries(found.id, {
        ...{ customer: customerId!, start_time: start, end_time: start + MINUTE_MS / 1_000 },
      }),
    );
    return summaries.data.reduce((sum, one) => sum + one.aggregated_value, 0);
  }
}
