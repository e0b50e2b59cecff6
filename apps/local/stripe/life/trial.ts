import type { Books } from '../books.js';
import { nextBoundary } from '../clock.js';
import type { Interval } from '../clock.js';
import type { InvoiceLine, Subscription } from '../kinds.js';
import { inPeriod } from '../objects/subscription-shape.js';
import { linesForPeriod } from './lines.js';

/** The trial is over: the first paid period begins now. The lines are what it costs; nothing is invoiced yet. */
export function endTrial(books: Books, subscription: Subscription): InvoiceLine[] {
  const now = books.now(subscription.customer);
  const { interval, interval_count: count } = subscription.items.data[0]!.price.recurring!;
  const period = { start: now, end: nextBoundary(now, interval as Interval, count, now) };
  books.change<'subscription'>(subscription, {
    billing_cycle_anchor: now,
    items: inPeriod(subscription, period),
    status: 'active',
    trial_end: now,
  });
  return linesForPeriod(books, subscription, period);
}
