import type { Books } from '../books.js';
import type { Schedule, Subscription } from '../kinds.js';
import { endInTime } from './renew.js';
import { subscribe } from './subscribe.js';
import { updateSubscription } from './update.js';

/** The current phase is over: the next one begins, or the schedule ends as it was told to. */
export function nextPhase(books: Books, schedule: Schedule): void {
  const now = books.now(schedule.customer);
  const next = schedule.phases.find((phase) => phase.start_date <= now && phase.end_date > now);
  if (!next) return complete(books, schedule, now);
  const starts = schedule.status === 'not_started';
  const subscription = starts
    ? begin(books, schedule, next)
    : books.store.get('subscription', schedule.subscription ?? '');
  if (!subscription) return;
  books.change<'subscription_schedule'>(
    schedule,
    {
      current_phase: { start_date: next.start_date, end_date: next.end_date },
      status: 'active',
      subscription: subscription.id,
    },
    'subscription_schedule.updated',
  );
  if (!starts) enter(books, subscription, next);
}

type Phase = Schedule['phases'][number];

function begin(books: Books, schedule: Schedule, phase: Phase): Subscription {
  const subscription = subscribe(books, {
    customer: schedule.customer,
    items: phase.items.map(({ price, quantity }) => ({ price, quantity })),
    metadata: phase.metadata ?? {},
    ...(phase.trial_end === null ? {} : { trial_end: phase.trial_end }),
  });
  return books.change<'subscription'>(subscription, { schedule: schedule.id });
}

/** The subscription's items become the phase's, by price: what is not in the phase goes. */
function enter(books: Books, subscription: Subscription, phase: Phase): void {
  const old = subscription.items.data;
  const kept = old[0]!;
  const [first, ...others] = phase.items;
  const samePrice = (price: string) => old.find((item) => item.price.id === price);
  const reused = samePrice(first!.price) ?? kept;
  const items = [
    { id: reused.id, price: first!.price, quantity: first!.quantity },
    ...others.map(({ price, quantity }) => ({ id: samePrice(price)?.id, price, quantity })),
  ];
  const gone = old
    .filter((item) => !items.some((one) => one.id === item.id))
    .map(({ id }) => ({ id, deleted: true }));
  updateSubscription(books, subscription, {
    items: [...items, ...gone],
    metadata: phase.metadata ?? {},
    proration_behavior: phase.proration_behavior as 'always_invoice' | 'create_prorations' | 'none',
    off_session: true,
  });
}

function complete(books: Books, schedule: Schedule, now: number): void {
  const subscription = books.store.get('subscription', schedule.subscription ?? '');
  if (schedule.end_behavior === 'cancel' && subscription) {
    books.change<'subscription_schedule'>(
      schedule,
      { completed_at: now, current_phase: null, status: 'completed' },
      'subscription_schedule.completed',
    );
    books.change<'subscription'>(subscription, { schedule: null });
    endInTime(books, subscription);
    return;
  }
  release(books, schedule);
}

/** The subscription goes on without it. */
export function release(books: Books, schedule: Schedule): Schedule {
  const subscription = books.store.get('subscription', schedule.subscription ?? '');
  if (subscription)
    books.change<'subscription'>(subscription, { schedule: null }, 'customer.subscription.updated');
  return books.change<'subscription_schedule'>(
    schedule,
    {
      ...{
        current_phase: null,
        released_at: books.now(schedule.customer),
        released_subscription: schedule.subscription,
      },
      ...{ status: 'released', subscription: null },
    },
    'subscription_schedule.released',
  );
}
