import type Stripe from 'stripe';
import { DAY, HOUR } from '../clock.js';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { integer, listParamsOf, paramsOf, text } from '../form.js';
import type { Kinds } from '../kinds.js';
import { runDue } from '../life/due.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { deleteCustomer } from './customers.js';

type TestClock = Kinds['test_helpers.test_clock'];

const KEPT_DAYS = 7;

/** https://docs.stripe.com/api/test_clocks/object */
function create(
  books: Books,
  { frozen_time: time, name }: { frozen_time: number; name?: string },
): TestClock {
  return books.add<'test_helpers.test_clock'>(
    {
      id: newId('clock'),
      object: 'test_helpers.test_clock',
      created: books.clock.now(),
      deletes_after: books.clock.now() + KEPT_DAYS * DAY,
      frozen_time: time,
      livemode: false,
      name: name ?? null,
      status: 'ready',
      status_details: {},
    },
    'test_helpers.test_clock.created',
  );
}

/** Answers at once; what falls due happens after the answer, and the clock is ready when it has. */
function advance(books: Books, { frozen_time: target }: { frozen_time: number }, id: string): TestClock {
  const clock = books.need('test_helpers.test_clock', id);
  if (clock.status !== 'ready')
    throw invalidRequest(
      'Test clock advancement underway - cannot perform modifications on any objects on this clock.',
      undefined,
      'test_clock_not_ready',
      429,
    );
  if (target <= clock.frozen_time)
    throw invalidRequest(
      'frozen_time must be later than the current frozen_time of the clock.',
      'frozen_time',
    );
  mustNotSkip(books, id, target - clock.frozen_time);
  books.change<'test_helpers.test_clock'>(
    clock,
    { status: 'advancing', status_details: { advancing: { target_frozen_time: target } } },
    'test_helpers.test_clock.advancing',
  );
  setImmediate(() => finish(books, clock, target));
  return clock;
}

/** Stripe advances by two of the shortest intervals at most. */
function mustNotSkip(books: Books, id: string, seconds: number): void {
  const DAYS: Record<string, number> = { day: 1, week: 7, month: 31, year: 366 };
  const lengths = books.store
    .all('subscription')
    .filter((one) => one.test_clock === id && one.status !== 'canceled')
    .map((one) => one.items.data[0]!.price.recurring)
    .map((recurring) => (DAYS[recurring?.interval ?? 'year'] ?? 366) * (recurring?.interval_count ?? 1));
  if (lengths.length > 0 && seconds > 2 * Math.min(...lengths) * DAY + HOUR)
    throw invalidRequest(
      'Cannot advance the clock by more than two intervals of its shortest subscription at once.',
      'frozen_time',
    );
}

function finish(books: Books, clock: TestClock, target: number): void {
  runDue(books, clock.id, target, (time) => {
    if (time > clock.frozen_time) clock.frozen_time = time;
  });
  books.transact(() =>
    books.change<'test_helpers.test_clock'>(
      clock,
      { frozen_time: target, status: 'ready', status_details: {} },
      'test_helpers.test_clock.ready',
    ),
  );
}

export const testClocks = [
  endpoint(
    'POST',
    '/v1/test_helpers/test_clocks',
    paramsOf<Stripe.TestHelpers.TestClockCreateParams>()({
      frozen_time: integer(),
      name: text(300).optional(),
    }),
    create,
  ),
  endpoint(
    'GET',
    '/v1/test_helpers/test_clocks',
    listParamsOf<Stripe.TestHelpers.TestClockListParams>()({}),
    (books, params) =>
      pageOf('/v1/test_helpers/test_clocks', books.store.all('test_helpers.test_clock'), params),
  ),
  endpoint(
    'GET',
    '/v1/test_helpers/test_clocks/:id',
    paramsOf<Stripe.TestHelpers.TestClockRetrieveParams>()({}),
    (books, _, id) => books.need('test_helpers.test_clock', id),
  ),
  endpoint(
    'POST',
    '/v1/test_helpers/test_clocks/:id/advance',
    paramsOf<Stripe.TestHelpers.TestClockAdvanceParams>()({ frozen_time: integer() }),
    advance,
  ),
  endpoint(
    'DELETE',
    '/v1/test_helpers/test_clocks/:id',
    paramsOf<Stripe.TestHelpers.TestClockDeleteParams>()({}),
    (books, _, id) => {
      const clock = books.need('test_helpers.test_clock', id);
      for (const customer of books.store.all('customer'))
        if (customer.test_clock === id) deleteCustomer(books, customer.id);
      books.emit('test_helpers.test_clock.deleted', clock);
      return books.store.bury('test_helpers.test_clock', id);
    },
  ),
];
