import type { Books } from '../books.js';
import { DAY, HOUR } from '../clock.js';
import type { Invoice, Schedule, Subscription } from '../kinds.js';
import { expireSession } from '../objects/checkout-sessions.js';
import { periodOf } from '../objects/subscription-shape.js';
import { collect } from './collection.js';
import { previewOf } from './preview.js';
import { endInTime, expireIncomplete, expirePendingUpdate, finalizeDue, renew, trialOver } from './renew.js';
import { nextPhase } from './schedule.js';

/** Something that happens by itself when its time comes. */
export interface Due {
  at: number;
  run: () => void;
}

const TRIAL_NOTICE = 3 * DAY;
const INCOMPLETE_HOURS = 23;

/** What is next for whatever has this id, if it lives by this test clock, or by none; `at` is the earliest. */
export function nextFor(books: Books, id: string, clock: string | null): Due | undefined {
  const { store } = books;
  const ours = (one: { test_clock: unknown }) => (one.test_clock ?? null) === clock;
  const subscription = store.get('subscription', id);
  if (subscription) return ours(subscription) ? earliest(duesOf(books, subscription)) : undefined;
  const invoice = store.get('invoice', id);
  if (invoice) return ours(invoice) ? dueOfInvoice(books, invoice) : undefined;
  const schedule = store.get('subscription_schedule', id);
  if (schedule) return ours(schedule) ? dueOfSchedule(books, schedule) : undefined;
  const session = store.get('checkout.session', id);
  if (session?.status !== 'open' || clock !== null) return undefined;
  return { at: session.expires_at, run: () => expireSession(books, session) };
}

/** Everything that something may be next for. A schedule changes its subscription before that is renewed. */
export function waiting(books: Books): string[] {
  const kinds = ['subscription_schedule', 'subscription', 'invoice', 'checkout.session'] as const;
  return kinds.flatMap((kind) => books.store.ids(kind));
}

function earliest(dues: Due[]): Due | undefined {
  return dues.reduce<Due | undefined>((first, due) => (!first || due.at < first.at ? due : first), undefined);
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
    dues.push({ at: cancelAt, run: () => endInTime(books, subscription) });
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
