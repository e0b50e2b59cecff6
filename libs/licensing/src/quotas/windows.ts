import { DateTime } from 'luxon';
import { LRUCache } from 'lru-cache';
import type { MeterTerms } from '../domain/terms.js';

export type Period = MeterTerms['period'];

/** The time that a limit holds for, in epoch ms: from `start` until `end`, which belongs to the next one. */
export interface Window {
  readonly start: number;
  /** null: it never ends. */
  readonly end: number | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A second change of the time zone within this may move a reset back, never forward: or each would give a new quota. */
const EARLY_AGAIN_MS = 7 * DAY_MS;

/**
 * The window that an instant (epoch ms) lies in, by the calendar of an IANA time zone: a day is from midnight to midnight
 * and has 23 or 25 hours where the clocks change; weeks begin on Monday (ISO 8601). An unknown zone counts as UTC.
 */
export function windowAt(period: Period, zone: string, at: number): Window {
  if (period === 'forever') return { start: 0, end: null };
  const name = `${period} ${zone}`;
  const kept = recent.get(name);
  if (kept && kept.start <= at && at < kept.end) return kept;
  const window = computedWindow(period, zone, at);
  recent.set(name, window);
  return window;
}

/** The calendar costs more than the rest of a use: of each period and zone the window that was asked for last. */
const recent = new LRUCache<string, FiniteWindow>({ max: 2_000 });

interface FiniteWindow extends Window {
  readonly end: number;
}

function computedWindow(period: Exclude<Period, 'forever'>, zone: string, at: number): FiniteWindow {
  const there = DateTime.fromMillis(at, { zone });
  const local = there.isValid ? there : DateTime.fromMillis(at, { zone: 'utc' });
  if (period === 'hour') {
    const start = local.startOf('hour').toMillis();
    return { start, end: start + HOUR_MS };
  }
  const start = local.startOf(period);
  // From the start on, a day that begins at one o'clock would end at one o'clock.
  const end = start.plus({ [period]: 1 }).startOf(period);
  return { start: firstOf(start), end: firstOf(end) };
}

/** Where the clocks are set back to before midnight there are two of it: the day begins at the first. */
const firstOf = (instant: DateTime): number =>
  Math.min(...instant.getPossibleOffsets().map((one) => one.toMillis()));

/** What is known of a count whose time zone is no longer the licence's. */
export interface Moved {
  window: Window;
  zone: string;
  /** When the zone last changed, epoch ms; 0: never that we know of. */
  movedAt: number;
}

/**
 * The window of a count whose time zone has changed, at `now`: a window that is open stays open with what was used in it,
 * and ends at the new zone's reset. Not so early, when the zone has been changed a short while ago.
 */
export function movedWindow(
  period: Period,
  zone: string,
  { window, zone: old, movedAt }: Moved,
  now: number,
) {
  const isOpen = window.end === null || window.end > now;
  const stands = isOpen ? window : windowAt(period, old, now);
  const mayBeEarly = movedAt + EARLY_AGAIN_MS <= now;
  const fresh = windowAt(period, zone, now);
  const end =
    mayBeEarly || stands.end === null ? fresh.end : windowAt(period, zone, Math.max(now, stands.end - 1)).end;
  return { start: isOpen ? window.start : fresh.start, end };
}

const DAYS: Partial<Record<Period, number>> = { day: 1, week: 7, month: 31, year: 366 };

/**
 * What each whole day offline gives (C44): never more than the same days online. An hour's limit counts 24 times; that
 * of a longer period is spread over its days, rounded down; what never resets gives nothing beyond what is left.
 */
export function perDayAllowance({ limit, period }: MeterTerms): number | null {
  if (limit === null) return null;
  if (period === 'forever') return 0;
  if (period === 'hour') return Math.min(Number.MAX_SAFE_INTEGER, limit * 24);
  return Math.floor(limit / (DAYS[period] ?? 1));
}
