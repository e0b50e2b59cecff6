import type { Books } from '../books.js';
import { DAY, HOUR } from '../clock.js';
import type { Invoice, Schedule, Subscription } from '../kinds.js';
import { expireSession } from '../objects/checkout-sessions.js';
import { periodOf } from '../objects/subscription-shape.js';
import { end } from './cancel.js';
import { collect } from './collection.js';
import { previewOf } from './preview.js';
import { expireIncomplete, expirePendingUpdate, finalizeDue, renew, trialOver } from './renew.js';
import { nextPhase } from './schedule.js';

/** Something that happens by itself when its time comes. */
interface Due {
  at: number;
  run: () => void;
}

const TRIAL_NOTICE = 3 * DAY;
const INCOMPLETE_HOURS = 23;
/** More steps than a hundred years of one monthly subscription; a loop of our own making shall not hang a test. */
const MOST_STEPS = 20_000;

/**
 * Lets happen what is due until `target`, each at its own time: for the customers of one test clock, or for all those
 * without one. `setTime` is told every moment that time jumps to.
 */
export function runDue(
  books: Books,
  clock: string | null,
  target: number,
  setTime: (time: number) => void,
): void {
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = earliest(books, clock, target);
    if (!next) break;
    setTime(next.at);
    // A test clock has told its time already; the server's own stays what it is.
    books.transact(() => (clock === null ? books.clock.at(next.at, next.run) : next.run()));
  }
  setTime(target);
}

function earliest(books: Books, clock: string | null, target: number): Due | undefined {
  let first: Due | undefined;
  const offer = (due: Due | undefined) => {
    if (due && due.at <= target && (!first || due.at < first.at)) first = due;
  };
  const ours = (one: { test_clock: unknown }) => (one.test_clock ?? null) === clock;
  for (const schedule of books.store.all('subscription_schedule'))
    if (ours(schedule)) offer(dueOfSchedule(books, schedule));
  for (const subscription of books.store.all('subscription'))
    if (ours(subscription)) for (const due of duesOf(books, subscription)) offer(due);
  for (const invoice of books.store.all('invoice')) if (ours(invoice)) offer(dueOfInvoice(books, invoice));
  if (clock === null)
    for (const session of books.store.all('checkout.session'))
      if (session.status === 'open')
        offer({ at: session.expires_at, run: () => expireSession(books, session) });
  return first;
}

function duesOf(books: Books, subscription: Subscription): Due[] {
  const {
    status,
    trial_end: trialEnd,
    cancel_at: cancelAt,
    created,
    pending_update: pending,
    pause_collection: paused,
  } = subscription;
  if (status === 'canceled' || status === 'incomplete_expired') return [];
  const dues: Due[] = [];
  if (cancelAt !== null && !subscription.cancel_at_period_end)
    dues.push({ at: cancelAt, run: () => void end(books, subscription, 'cancellation_requested') });
  if (pending) dues.push({ at: pending.expires_at, run: () => expirePendingUpdate(books, subscription) });
  if (paused?.resumes_at)
    dues.push({
      at: paused.resumes_at,
      run: () =>
        void books.change<'subscription'>(
          subscription,
          { pause_collection: null },
          'customer.subscription.updated',
        ),
    });
  if (status === 'incomplete')
    dues.push({ at: created + INCOMPLETE_HOURS * HOUR, run: () => expireIncomplete(books, subscription) });
  if (status === 'trialing' && trialEnd !== null) dues.push(...trialDues(books, subscription, trialEnd));
  if (status === 'active' || status === 'past_due' || status === 'unpaid')
    dues.push(...cycleDues(books, subscription));
  return dues;
}

function trialDues(books: Books, subscription: Subscription, trialEnd: number): Due[] {
  const told = books.store.notes(subscription.id).trial_end_told;
  const tell = () => {
    books.store.note(subscription.id, { trial_end_told: true });
    books.emit('customer.subscription.trial_will_end', subscription);
  };
  const notice: Due = { at: Math.max(trialEnd - TRIAL_NOTICE, subscription.created), run: tell };
  return [...(told ? [] : [notice]), { at: trialEnd, run: () => trialOver(books, subscription) }];
}

function cycleDues(books: Books, subscription: Subscription): Due[] {
  const { start, end: at } = periodOf(subscription);
  const renewal: Due = { at, run: () => renew(books, subscription) };
  const { upcoming_days: days } = books.settings;
  const notice = at - days * DAY;
  const told = books.store.notes(subscription.id).upcoming_told;
  if (days === 0 || told === at || notice <= start || subscription.cancel_at !== null) return [renewal];
  const tell = () => {
    books.store.note(subscription.id, { upcoming_told: at });
    const { id: _, ...upcoming } = books.imagine(() => previewOf(books, { subscription: subscription.id }));
    books.emit('invoice.upcoming', upcoming);
  };
  return [{ at: notice, run: tell }, renewal];
}

function dueOfInvoice(books: Books, invoice: Invoice): Due | undefined {
  if (
    invoice.status === 'draft' &&
    invoice.auto_advance !== false &&
    invoice.automatically_finalizes_at !== null
  )
    return { at: invoice.automatically_finalizes_at, run: () => finalizeDue(books, invoice.id) };
  if (invoice.status === 'open' && invoice.next_payment_attempt !== null)
    return {
      at: invoice.next_payment_attempt,
      run: () => void collect(books, invoice, { offSession: true }),
    };
  return undefined;
}

function dueOfSchedule(books: Books, schedule: Schedule): Due | undefined {
  if (schedule.status === 'not_started')
    return { at: schedule.phases[0]!.start_date, run: () => nextPhase(books, schedule) };
  if (schedule.status !== 'active' || !schedule.current_phase) return undefined;
  return { at: schedule.current_phase.end_date, run: () => nextPhase(books, schedule) };
}
