/**
 * The time of the local Stripe, in whole seconds as Stripe counts. It may run ahead of the machine's, and what became
 * due while it was advanced happens at its own moment, not at the end of the jump.
 */
export class Clock {
  private pinned: number | undefined;

  /** `real` is the machine's time in milliseconds; `ahead` how many seconds this clock is in front of it. */
  constructor(
    private readonly real: () => number = Date.now,
    private ahead = 0,
  ) {}

  now(): number {
    return this.pinned ?? Math.floor(this.real() / 1000) + this.ahead;
  }

  /** The machine's own seconds: what signatures carry, for whoever checks them has that clock. */
  realNow(): number {
    return Math.floor(this.real() / 1000);
  }

  get secondsAhead(): number {
    return this.ahead;
  }

  advance(seconds: number): void {
    this.ahead += seconds;
  }

  /** Does the work as if it were `time`. */
  at<T>(time: number, work: () => T): T {
    const before = this.pinned;
    this.pinned = time;
    try {
      return work();
    } finally {
      this.pinned = before;
    }
  }
}

export const HOUR = 3_600;
export const DAY = 24 * HOUR;

export type Interval = 'day' | 'week' | 'month' | 'year';

/**
 * The end of the n-th period since the anchor. Months end on the anchor's day, or on their last when they have none
 * such: https://docs.stripe.com/billing/subscriptions/billing-cycle
 */
export function addInterval(anchor: number, interval: Interval, count: number): number {
  if (interval === 'day') return anchor + count * DAY;
  if (interval === 'week') return anchor + count * 7 * DAY;
  const date = new Date(anchor * 1000);
  const months = date.getUTCMonth() + count * (interval === 'year' ? 12 : 1);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), months + 1, 0)).getUTCDate();
  const whole = Date.UTC(date.getUTCFullYear(), months, Math.min(date.getUTCDate(), lastDay));
  return Math.floor(whole / 1000) + (anchor % DAY);
}

/** The first end of a period of this anchor after `time`. */
export function nextBoundary(anchor: number, interval: Interval, count: number, time: number): number {
  for (let n = 1; ; n++) {
    const end = addInterval(anchor, interval, n * count);
    if (end > time) return end;
  }
}
