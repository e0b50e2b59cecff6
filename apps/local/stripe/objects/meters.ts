import type Stripe from 'stripe';
import { z } from 'zod';
import type { Books } from '../books.js';
import { DAY } from '../clock.js';
import { invalidRequest } from '../errors.js';
import { integer, listParamsOf, oneOf, paramsOf, part, text } from '../form.js';
import type { Kinds, MeterError } from '../kinds.js';
import { usageIn } from '../life/usage.js';
import { pageInOrder, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import type { Wire } from '../wire.js';

type Meter = Kinds['billing.meter'];

const PAST_DAYS = 35;
const FUTURE_MINUTES = 5;
const LONGEST_VALUE = 15;
/** Stripe says "a list" and no number: few, so that who hears of one must not take it for all. */
const SAMPLES = 3;

const CreateMeter = paramsOf<Stripe.Billing.MeterCreateParams>()({
  customer_mapping: part({ event_payload_key: text(100), type: oneOf('by_id') }).optional(),
  default_aggregation: part({ formula: oneOf('count', 'last', 'sum') }),
  display_name: text(250),
  event_name: text(100),
  event_time_window: oneOf('day', 'hour').optional(),
  value_settings: part({ event_payload_key: text(100) }).optional(),
});

/** https://docs.stripe.com/api/billing/meter/object */
function createMeter(books: Books, given: z.output<typeof CreateMeter>): Meter {
  if (
    books.store
      .all('billing.meter')
      .some((one) => one.event_name === given.event_name && one.status === 'active')
  )
    throw invalidRequest(
      `An active meter with event name ${given.event_name} already exists.`,
      'event_name',
      'resource_already_exists',
    );
  const now = books.now();
  return books.add<'billing.meter'>(
    {
      id: newId('mtr'),
      object: 'billing.meter',
      created: now,
      customer_mapping: given.customer_mapping ?? { event_payload_key: 'stripe_customer_id', type: 'by_id' },
      default_aggregation: given.default_aggregation,
      display_name: given.display_name,
      event_name: given.event_name,
      event_time_window: given.event_time_window ?? null,
      livemode: false,
      status: 'active',
      status_transitions: { deactivated_at: null },
      updated: now,
      value_settings: given.value_settings ?? { event_payload_key: 'value' },
    },
    'billing.meter.created',
  );
}

export interface MeterEventInput {
  event_name: string;
  payload: Record<string, string>;
  identifier?: string;
  timestamp?: number;
}

/**
 * https://docs.stripe.com/api/billing/meter-event: accepted as it comes. What is wrong with it is found out afterwards
 * and told by a thin event alone; only an identifier that was used within 24 hours is refused at once.
 */
function receive(books: Books, given: MeterEventInput): Wire<Stripe.Billing.MeterEvent> {
  const received = books.clock.now();
  const identifier = given.identifier ?? newId('mev');
  const known = books.store.get('usage', identifier);
  if (known && known.received + DAY > received)
    throw invalidRequest(
      `An event already exists with identifier ${identifier}.`,
      'identifier',
      'duplicate_meter_event',
    );
  const timestamp = given.timestamp ?? received;
  const fault = faultOf(books, given, timestamp, received);
  if (fault) report(books, fault, identifier);
  else if (fault === undefined) count(books, given, identifier, timestamp, received);
  return {
    object: 'billing.meter_event',
    created: received,
    event_name: given.event_name,
    identifier,
    livemode: false,
    payload: given.payload,
    timestamp,
  };
}

function count(books: Books, given: MeterEventInput, id: string, timestamp: number, received: number): void {
  const meter = meterOf(books, given.event_name)!;
  const customer = given.payload[meter.customer_mapping.event_payload_key]!;
  const value = Number(given.payload[meter.value_settings.event_payload_key] ?? 1);
  books.store.remove('usage', id);
  books.store.add<'usage'>({ id, object: 'usage', meter: meter.id, customer, value, timestamp, received });
}

function meterOf(books: Books, eventName: string): Meter | undefined {
  const all = books.store.all('billing.meter').filter((one) => one.event_name === eventName);
  return all.find((one) => one.status === 'active') ?? all.at(-1);
}

interface Fault {
  meter: Meter | undefined;
  code: string;
  message: string;
}

function faultOf(
  books: Books,
  { event_name: name, payload }: MeterEventInput,
  timestamp: number,
  now: number,
): Fault | undefined {
  const meter = meterOf(books, name);
  const fault = (code: string, message: string): Fault => ({ meter, code, message });
  if (!meter) return fault('no_meter', `No meter was found for event name ${name}.`);
  if (meter.status !== 'active') return fault('archived_meter', 'The meter is archived.');
  const customer = payload[meter.customer_mapping.event_payload_key];
  if (!customer) return fault('meter_event_no_customer_defined', 'There is no customer in the payload.');
  if (!books.store.get('customer', customer))
    return fault('meter_event_customer_not_found', `No customer was found: ${customer}.`);
  const value = payload[meter.value_settings.event_payload_key];
  if (meter.default_aggregation.formula !== 'count' && !/^-?\d+$/.test(value ?? ''))
    return fault('meter_event_invalid_value', `Invalid value: ${value}.`);
  if ((value ?? '').length > LONGEST_VALUE)
    return fault('meter_event_value_too_many_digits', 'The value has too many digits.');
  if (timestamp > now + FUTURE_MINUTES * 60)
    return fault('timestamp_in_future', 'The timestamp is in the future.');
  if (timestamp < now - PAST_DAYS * DAY)
    return fault('timestamp_too_far_in_past', 'The timestamp is too far in the past.');
  return undefined;
}

/**
 * https://docs.stripe.com/billing/subscriptions/usage-based/monitor-usage: thin, so it must be fetched to be read. It tells
 * of a window of time: how many errors there were of each type (`error_count`), and a few of them (`sample_errors`).
 */
function report(books: Books, { meter, code, message }: Fault, identifier: string): void {
  const at = books.clock.now();
  const whose = meter?.id ?? 'no meter';
  const errors = [...(books.store.notes(whose).meter_errors ?? []), { code, message, identifier, at }];
  const isDue = errors.length >= books.settings.errors_per_report;
  books.store.note(whose, { meter_errors: isDue ? [] : errors });
  if (!isDue) return;
  const data = reportOf(errors);
  books.emitThin(
    meter
      ? {
          type: 'v1.billing.meter.error_report_triggered',
          data,
          related_object: { id: meter.id, type: 'billing.meter', url: `/v1/billing/meters/${meter.id}` },
        }
      : { type: 'v1.billing.meter.no_meter_found', data },
  );
}

type Report = Stripe.V2.Core.Events.V1BillingMeterErrorReportTriggeredEvent['data'];

function reportOf(errors: readonly MeterError[]): Report {
  const iso = (at: number) => new Date(at * 1000).toISOString();
  const types = [...Map.groupBy(errors, (one) => one.code)].map(([code, all]) => ({
    code: code as Report['reason']['error_types'][number]['code'],
    error_count: all.length,
    sample_errors: all
      .slice(0, SAMPLES)
      .map(({ message, identifier }) => ({ error_message: message, request: { identifier } })),
  }));
  return {
    developer_message_summary: `There ${errors.length === 1 ? 'is 1 invalid event' : `are ${errors.length} invalid events`}`,
    reason: { error_count: errors.length, error_types: types },
    validation_start: iso(errors[0]!.at),
    validation_end: iso(errors.at(-1)!.at),
  };
}

const Summaries = listParamsOf<Stripe.Billing.MeterListEventSummariesParams>()({
  customer: text(),
  end_time: integer(),
  start_time: integer(),
  value_grouping_window: oneOf('day', 'hour').optional(),
});

/** https://docs.stripe.com/api/billing/meter-event_summary/object */
function summaries(books: Books, params: z.output<typeof Summaries>, id: string) {
  const meter = books.need('billing.meter', id);
  if (params.start_time % 60 !== 0 || params.end_time % 60 !== 0)
    throw invalidRequest('Timestamps must align with minute boundaries.', 'start_time');
  const step =
    params.value_grouping_window === undefined
      ? params.end_time - params.start_time
      : params.value_grouping_window === 'day'
        ? DAY
        : 3_600;
  const all: Wire<Stripe.Billing.MeterEventSummary>[] = [];
  for (let start = params.start_time; start < params.end_time && step > 0; start += step) {
    const end = Math.min(params.end_time, start + step);
    all.push({
      ...{ id: `mtrusg_${meter.id.slice(4, 12)}_${start}`, object: 'billing.meter_event_summary' },
      ...{ aggregated_value: usageIn(books, meter.id, params.customer, { start, end }), end_time: end },
      ...{ livemode: false, meter: meter.id, start_time: start },
    });
  }
  return pageInOrder(`/v1/billing/meters/${id}/event_summaries`, all.reverse(), params);
}

const MeterEventParams = paramsOf<Stripe.Billing.MeterEventCreateParams>()({
  event_name: text(100),
  identifier: text(100).optional(),
  payload: z.record(z.string(), z.string()),
  timestamp: integer().optional(),
});
const V2MeterEvent = z.strictObject({
  event_name: z.string(),
  identifier: z.string().max(100).optional(),
  payload: z.record(z.string(), z.string()),
  timestamp: z.iso.datetime().optional(),
});

function setStatus(books: Books, id: string, status: 'active' | 'inactive'): Meter {
  const meter = books.need('billing.meter', id);
  const now = books.now();
  return books.change<'billing.meter'>(
    meter,
    { status, updated: now, status_transitions: { deactivated_at: status === 'inactive' ? now : null } },
    status === 'inactive' ? 'billing.meter.deactivated' : 'billing.meter.reactivated',
  );
}

const none = paramsOf<Stripe.Billing.MeterRetrieveParams>()({});

export const meters = [
  endpoint('POST', '/v1/billing/meters', CreateMeter, createMeter),
  endpoint(
    'GET',
    '/v1/billing/meters',
    listParamsOf<Stripe.Billing.MeterListParams>()({ status: oneOf('active', 'inactive').optional() }),
    (books, params) =>
      pageOf(
        '/v1/billing/meters',
        books.store
          .all('billing.meter')
          .filter((one) => params.status === undefined || one.status === params.status),
        params,
      ),
  ),
  endpoint('GET', '/v1/billing/meters/:id', none, (books, _, id) => books.need('billing.meter', id)),
  endpoint(
    'POST',
    '/v1/billing/meters/:id',
    paramsOf<Stripe.Billing.MeterUpdateParams>()({ display_name: text(250).optional() }),
    (books, { display_name }, id) =>
      books.change<'billing.meter'>(
        books.need('billing.meter', id),
        { ...(display_name === undefined ? {} : { display_name }), updated: books.now() },
        'billing.meter.updated',
      ),
  ),
  endpoint('POST', '/v1/billing/meters/:id/deactivate', none, (books, _, id) =>
    setStatus(books, id, 'inactive'),
  ),
  endpoint('POST', '/v1/billing/meters/:id/reactivate', none, (books, _, id) =>
    setStatus(books, id, 'active'),
  ),
  endpoint('GET', '/v1/billing/meters/:id/event_summaries', Summaries, summaries),
  endpoint('POST', '/v1/billing/meter_events', MeterEventParams, receive),
  endpoint('POST', '/v2/billing/meter_events', V2MeterEvent, (books, { timestamp, ...given }) => {
    const seconds = timestamp === undefined ? undefined : Math.floor(Date.parse(timestamp) / 1000);
    const event = receive(books, { ...given, timestamp: seconds });
    const iso = (time: number) => new Date(time * 1000).toISOString();
    return {
      ...event,
      object: 'v2.billing.meter_event',
      created: iso(event.created),
      timestamp: iso(event.timestamp),
    };
  }),
];
