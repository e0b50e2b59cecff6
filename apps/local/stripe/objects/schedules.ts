import type Stripe from 'stripe';
import { z } from 'zod';
import type { Books } from '../books.js';
import { addInterval } from '../clock.js';
import { invalidRequest } from '../errors.js';
import {
  flag,
  integer,
  listParamsOf,
  many,
  mergeMetadata,
  metadata,
  natural,
  oneOf,
  paramsOf,
  part,
  positive,
  text,
} from '../form.js';
import type { Price, Schedule } from '../kinds.js';
import { cancelNow } from '../life/cancel.js';
import { nextPhase, release } from '../life/schedule.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { ProrationBehavior } from './subscription-params.js';
import { mustHaveNoQuantity, periodOf } from './subscription-shape.js';

const Phase = part({
  duration: part({
    interval: oneOf('day', 'week', 'month', 'year'),
    interval_count: positive().optional(),
  }).optional(),
  end_date: integer().optional(),
  items: many(part({ price: text(), quantity: natural().optional() })).min(1),
  metadata: metadata().optional(),
  proration_behavior: ProrationBehavior.optional(),
  start_date: z.union([z.literal('now'), integer()]).optional(),
  trial_end: integer().optional(),
});
const EndBehavior = oneOf('cancel', 'release');
const CreateSchedule = paramsOf<Stripe.SubscriptionScheduleCreateParams>()({
  customer: text().optional(),
  end_behavior: EndBehavior.optional(),
  from_subscription: text().optional(),
  metadata: metadata().optional(),
  phases: many(Phase).optional(),
  start_date: z.union([z.literal('now'), integer()]).optional(),
});
const UpdateSchedule = paramsOf<Stripe.SubscriptionScheduleUpdateParams>()({
  end_behavior: EndBehavior.optional(),
  metadata: metadata().optional(),
  phases: many(Phase).optional(),
  proration_behavior: ProrationBehavior.optional(),
});

/** https://docs.stripe.com/api/subscription_schedules/create */
function create(books: Books, given: z.output<typeof CreateSchedule>): Schedule {
  if (given.from_subscription !== undefined) return fromSubscription(books, given.from_subscription, given);
  if (given.customer === undefined || !given.phases)
    throw invalidRequest(
      'You must pass `from_subscription`, or `customer` with `phases`.',
      'customer',
      'parameter_missing',
    );
  const customer = books.customer(given.customer);
  const now = books.now(customer.id);
  const start = given.start_date === undefined || given.start_date === 'now' ? now : given.start_date;
  const schedule = blank(books, customer.id, given.end_behavior ?? 'release', given.metadata);
  schedule.phases = phasesFrom(books, given.phases, start);
  books.add<'subscription_schedule'>(schedule, 'subscription_schedule.created');
  if (start <= now) nextPhase(books, schedule);
  return schedule;
}

function fromSubscription(books: Books, id: string, given: z.output<typeof CreateSchedule>): Schedule {
  if (given.phases || given.customer)
    throw invalidRequest('You cannot set `phases` or `customer` if `from_subscription` is set.', 'phases');
  const subscription = books.need('subscription', id, 'from_subscription');
  if (subscription.schedule)
    throw invalidRequest(
      `You cannot migrate a subscription that is already attached to a schedule: ${subscription.schedule as string}`,
      'from_subscription',
    );
  const { start, end } = periodOf(subscription);
  const schedule = blank(books, subscription.customer, given.end_behavior ?? 'release', given.metadata);
  const items = subscription.items.data.map((item) => ({ price: item.price.id, quantity: item.quantity }));
  schedule.phases = phasesFrom(books, [{ items, start_date: start, end_date: end }], start);
  Object.assign(schedule, {
    current_phase: { start_date: start, end_date: end },
    status: 'active',
    subscription: id,
  });
  books.add<'subscription_schedule'>(schedule, 'subscription_schedule.created');
  books.change<'subscription'>(subscription, { schedule: schedule.id }, 'customer.subscription.updated');
  return schedule;
}

/** https://docs.stripe.com/api/subscription_schedules/object, without a phase. */
function blank(
  books: Books,
  customer: string,
  end: 'cancel' | 'release',
  given: Record<string, string> | null | undefined,
): Schedule {
  return {
    id: newId('sub_sched'),
    object: 'subscription_schedule',
    application: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    canceled_at: null,
    completed_at: null,
    created: books.now(customer),
    current_phase: null,
    customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: 'charge_automatically',
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: end,
    livemode: false,
    metadata: mergeMetadata({}, given),
    pause_schedules: [],
    phases: [],
    released_at: null,
    released_subscription: null,
    status: 'not_started',
    subscription: null,
    test_clock: books.store.get('customer', customer)?.test_clock ?? null,
  };
}

/** Each begins where the one before ends. */
function phasesFrom(books: Books, given: z.output<typeof Phase>[], start: number): Schedule['phases'] {
  let from = start;
  return given.map((phase, index) => {
    const begins = typeof phase.start_date === 'number' ? phase.start_date : from;
    if (index > 0 && begins !== from)
      throw invalidRequest(
        'Each phase must begin where the one before it ends.',
        `phases[${index}][start_date]`,
      );
    const prices = phase.items.map(({ price }, at) =>
      books.need('price', price, `phases[${index}][items][${at}][price]`),
    );
    const ends =
      phase.end_date ??
      (phase.duration
        ? addInterval(begins, phase.duration.interval, phase.duration.interval_count ?? 1)
        : addInterval(
            begins,
            (prices[0]!.recurring?.interval ?? 'month') as 'month',
            prices[0]!.recurring?.interval_count ?? 1,
          ));
    if (ends <= begins)
      throw invalidRequest('A phase must end after it begins.', `phases[${index}][end_date]`);
    from = ends;
    return {
      add_invoice_items: [],
      application_fee_percent: null,
      billing_cycle_anchor: null,
      billing_thresholds: null,
      collection_method: null,
      currency: prices[0]!.currency,
      default_payment_method: null,
      description: null,
      discounts: [],
      end_date: ends,
      invoice_settings: null,
      items: phase.items.map(({ price, quantity }, at) => ({
        billing_thresholds: null,
        discounts: [],
        metadata: {},
        plan: price,
        price,
        ...quantityOf(prices[at]!, quantity),
        tax_rates: [],
      })),
      metadata: mergeMetadata({}, phase.metadata),
      on_behalf_of: null,
      proration_behavior: phase.proration_behavior ?? 'create_prorations',
      start_date: begins,
      transfer_data: null,
      trial_end: phase.trial_end ?? null,
    };
  });
}

function quantityOf(price: Price, quantity: number | undefined): { quantity?: number } {
  if (price.recurring?.usage_type !== 'metered') return { quantity: quantity ?? 1 };
  mustHaveNoQuantity(price, { quantity });
  return {};
}

function update(books: Books, given: z.output<typeof UpdateSchedule>, id: string): Schedule {
  const schedule = mustRun(books.need('subscription_schedule', id));
  const now = books.now(schedule.customer);
  const changes: Partial<Schedule> = {
    metadata: mergeMetadata(schedule.metadata ?? {}, given.metadata),
    ...(given.end_behavior === undefined ? {} : { end_behavior: given.end_behavior }),
  };
  if (given.phases) {
    const start = given.phases[0]!.start_date;
    const phases = phasesFrom(
      books,
      given.phases,
      typeof start === 'number' ? start : (schedule.current_phase?.start_date ?? now),
    );
    const current = phases.find((phase) => phase.start_date <= now && phase.end_date > now);
    if (schedule.status === 'active' && !current)
      throw invalidRequest('The phases must include the current one.', 'phases');
    changes.phases = phases;
    if (current && schedule.status === 'active')
      changes.current_phase = { start_date: current.start_date, end_date: current.end_date };
  }
  return books.change<'subscription_schedule'>(schedule, changes, 'subscription_schedule.updated');
}

function mustRun(schedule: Schedule): Schedule {
  if (schedule.status !== 'active' && schedule.status !== 'not_started')
    throw invalidRequest(`You cannot change a subscription schedule with the status ${schedule.status}.`);
  return schedule;
}

const Cancel = paramsOf<Stripe.SubscriptionScheduleCancelParams>()({
  invoice_now: flag().optional(),
  prorate: flag().optional(),
});

export const schedules = [
  endpoint('POST', '/v1/subscription_schedules', CreateSchedule, create),
  endpoint(
    'GET',
    '/v1/subscription_schedules',
    listParamsOf<Stripe.SubscriptionScheduleListParams>()({ customer: text().optional() }),
    (books, params) =>
      pageOf(
        '/v1/subscription_schedules',
        books.store
          .all('subscription_schedule')
          .filter((one) => params.customer === undefined || one.customer === params.customer),
        params,
      ),
  ),
  endpoint(
    'GET',
    '/v1/subscription_schedules/:id',
    paramsOf<Stripe.SubscriptionScheduleRetrieveParams>()({}),
    (books, _, id) => books.need('subscription_schedule', id),
  ),
  endpoint('POST', '/v1/subscription_schedules/:id', UpdateSchedule, update),
  endpoint(
    'POST',
    '/v1/subscription_schedules/:id/release',
    paramsOf<Stripe.SubscriptionScheduleReleaseParams>()({}),
    (books, _, id) => release(books, mustRun(books.need('subscription_schedule', id))),
  ),
  endpoint('POST', '/v1/subscription_schedules/:id/cancel', Cancel, (books, { invoice_now, prorate }, id) => {
    const schedule = mustRun(books.need('subscription_schedule', id));
    const subscription = books.store.get('subscription', schedule.subscription ?? '');
    if (subscription)
      cancelNow(books, subscription, { invoice_now: invoice_now ?? true, prorate: prorate ?? true });
    return books.change<'subscription_schedule'>(
      schedule,
      { canceled_at: books.now(schedule.customer), current_phase: null, status: 'canceled' },
      'subscription_schedule.canceled',
    );
  }),
];
