import type { MeterTerms } from '../domain/terms.js';
import { DomainError } from '#platform';
import type { Window } from './windows.js';

/** What is left of a meter in one window. */
export interface MeterUsage {
  meter: string;
  /** null: unlimited. */
  limit: number | null;
  used: number;
  /** null: unlimited. */
  remaining: number | null;
  /** null: it never resets. */
  resetsAt: Date | null;
}

/** What was reported offline may go beyond the limit; then nothing remains. */
export const meterUsage = (
  meter: string,
  limit: number | null,
  used: number,
  { end }: Window,
): MeterUsage => ({
  meter,
  limit,
  used,
  remaining: limit === null ? null : Math.max(0, limit - used),
  resetsAt: end === null ? null : new Date(end),
});

/** A limit may be raised long before its window ends: nobody should wait longer to ask again, in seconds. */
const MAX_WAIT_SECONDS = 3_600;

/** 429 with what is left; Retry-After until the reset, an hour at most. */
export function quotaExhausted(usage: MeterUsage, now: number): DomainError {
  const waitMs = usage.resetsAt ? usage.resetsAt.getTime() - now : Infinity;
  return new DomainError(
    'too_many',
    'QUOTA_EXHAUSTED',
    `Less is left of ${usage.meter} than was asked for.`,
    {
      details: { ...usage },
      retryAfterSeconds: Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.ceil(waitMs / 1_000))),
    },
  );
}

/** The terms of a meter. Throws 422 `METER_UNKNOWN` with those that the licence has. */
export function meterOf(meters: Readonly<Record<string, MeterTerms>>, meter: string): MeterTerms {
  const terms = Object.hasOwn(meters, meter) ? meters[meter] : undefined;
  if (terms) return terms;
  throw new DomainError('invalid', 'METER_UNKNOWN', 'The licence has no such meter.', {
    details: { meters: Object.keys(meters) },
  });
}
