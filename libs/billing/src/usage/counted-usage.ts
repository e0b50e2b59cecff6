import { Injectable } from '@nestjs/common';
import { Prices } from '../catalogue/prices.js';
import { meterEventName, MINUTE_MS } from '../domain/shipment.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';

/** An account at Stripe has few; ours are among the first page. */
const METERS = 100;

/** What Stripe has counted. */
@Injectable()
export class CountedUsage {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
  ) {}

  /**
   * Of a customer and meter, in the minute that begins at `from`; null: there is no such meter, or it does not add up.
   * Throws 503 `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`.
   */
  async execute(
    { customerId, meter }: { customerId: string; meter: string },
    from: Date,
  ): Promise<number | null> {
    const name = meterEventName(this.prices.list.code, meter);
    const meters = await this.gateway.read('find_meter', (stripe) =>
      stripe.billing.meters.list({ limit: METERS }),
    );
    const found = meters.data.find((one) => one.event_name === name && one.status === 'active');
    if (found?.default_aggregation.formula !== 'sum') return null;
    const start = from.getTime() / 1_000;
    const summaries = await this.gateway.read('look_usage', (stripe) =>
      stripe.billing.meters.listEventSummaries(found.id, {
        ...{ customer: customerId, start_time: start, end_time: start + MINUTE_MS / 1_000 },
      }),
    );
    return summaries.data.reduce((sum, one) => sum + one.aggregated_value, 0);
  }
}
