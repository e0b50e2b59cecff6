import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock, Log } from '#platform';
import { plainType } from '../applying/dispatch.js';
import { UsageShipments } from '../persistence/usage-shipments.js';
import { orNull } from '../stripe/look.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { usesSettled } from './metrics.js';

/** Thin: what is wrong has to be asked for (docs.stripe.com/billing/subscriptions/usage-based/monitor-usage). */
const METER_ERRORS: readonly string[] = [
  'billing.meter.error_report_triggered',
  'billing.meter.no_meter_found',
];

const Thin = z.looseObject({ id: z.string() });

const Report = z.looseObject({
  data: z.looseObject({
    reason: z.looseObject({
      error_types: z.array(
        z.looseObject({
          code: z.string(),
          error_count: z.number(),
          sample_errors: z.array(z.looseObject({ request: z.looseObject({ identifier: z.string() }) })),
        }),
      ),
    }),
  }),
});

export const isMeterError = (type: string): boolean => METER_ERRORS.includes(plainType(type));

/** Stripe takes every use and finds out later what it cannot count; then ours is not billed, and says so. */
@Injectable()
export class HearMeterErrors {
  constructor(
    private readonly shipments: UsageShipments,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** `payload`: of the thin event. False: Stripe has no such event, or no more. Throws what {@link StripeGateway.read} throws, and a SyntaxError or ZodError for what is none. */
  async execute(payload: string): Promise<boolean> {
    const { id } = Thin.parse(JSON.parse(payload));
    const event = await this.gateway.read('look_event', (stripe) =>
      orNull(stripe.v2.core.events.retrieve(id)),
    );
    if (!event) return false;
    const { reason } = Report.parse(event).data;
    for (const { code, error_count: count, sample_errors: samples } of reason.error_types) {
      const identifiers = samples.map((one) => one.request.identifier);
      const ours = await this.shipments.refuse(identifiers, code, this.clock.now());
      usesSettled.inc({ outcome: 'failed' }, ours.length);
      // Samples only: of the others no more is known than how many they are.
      this.log.warn(
        { event: id, code, uses: ours, untold: Math.max(0, count - identifiers.length) },
        'Stripe counts nothing of uses.',
      );
    }
    return true;
  }
}
