import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock, Log } from '#platform';
import { plainType } from '../applying/dispatch.js';
import { Prices } from '../catalogue/prices.js';
import { meterEventName, REPORTED } from '../domain/shipment.js';
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

const Time = z.iso.datetime({ offset: true }).transform((text) => new Date(text).getTime());

const Report = z.looseObject({
  created: Time,
  /** Left out where there is no meter. */
  related_object: z.looseObject({ id: z.string() }).nullish(),
  data: z.looseObject({
    validation_start: Time.optional(),
    validation_end: Time.optional(),
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

type Report = z.output<typeof Report>;

/** What Stripe checks it took a while ago: so long at most, as far as anybody knows, in ms. */
const BEFORE_MS = 300_000;
/** Our answer comes after it was checked, by a clock of ours. */
const AFTER_MS = 60_000;
const BATCH = 1_000;

export const isMeterError = (type: string): boolean => METER_ERRORS.includes(plainType(type));

/** Stripe takes every use and finds out later what it cannot count; then ours is not billed, and says so. */
@Injectable()
export class HearMeterErrors {
  constructor(
    private readonly shipments: UsageShipments,
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
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
    const report = Report.parse(event);
    for (const { code, error_count: count, sample_errors: samples } of report.data.reason.error_types) {
      const identifiers = samples.map((one) => one.request.identifier);
      const ours = await this.shipments.refuse(identifiers, code, this.clock.now());
      usesSettled.inc({ outcome: 'failed' }, ours.length);
      const untold = Math.max(0, count - identifiers.length);
      this.log.warn({ event: id, code, uses: ours, untold }, 'Stripe counts nothing of uses.');
    }
    await this.doubt(id, report);
    return true;
  }

  /** Of those that are no samples no more is known than how many they are: any of that time may be one. */
  private async doubt(event: string, report: Report): Promise<void> {
    const {
      reason,
      validation_start: start = report.created,
      validation_end: end = report.created,
    } = report.data;
    const types = reason.error_types.filter((one) => one.error_count > one.sample_errors.length);
    if (types.length === 0) return;
    const meters = await this.metersOf(report);
    const failure = `${REPORTED} ${types.map((one) => one.code).join(' ')}`;
    const time = { from: new Date(start - BEFORE_MS), to: new Date(end + AFTER_MS) };
    let uses = 0;
    let parked: number;
    do {
      parked = await this.shipments.doubt(meters, time, { failure, batch: BATCH, now: this.clock.now() });
      usesSettled.inc({ outcome: 'parked' }, parked);
      uses += parked;
    } while (parked === BATCH);
    this.log.warn({ event, failure, meters, ...time, uses }, 'Uses are parked: Stripe may not count them.');
  }

  private async metersOf({ related_object: about, data }: Report): Promise<string[]> {
    if (!about) {
      const samples = data.reason.error_types.flatMap((one) => one.sample_errors);
      return this.shipments.metersOf(samples.map((one) => one.request.identifier));
    }
    const there = await this.gateway.read('find_meter', (stripe) =>
      orNull(stripe.billing.meters.retrieve(about.id)),
    );
    const prefix = meterEventName(this.prices.list.code, '');
    return there?.event_name.startsWith(prefix) ? [there.event_name.slice(prefix.length)] : [];
  }
}
