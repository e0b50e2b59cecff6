import { DomainError } from '#platform';
import type { Terms } from './terms.js';

const DAY_MS = 86_400_000;

/** When a term of so many days that begins at `from` is over; null: never. */
export const endOf = (from: Date, days: number | null): Date | null =>
  days === null ? null : new Date(from.getTime() + days * DAY_MS);

/** How far a renewal goes: so many days, or a date; neither: as many days as the terms say. */
export interface Renewal {
  days?: number;
  until?: Date;
}

/**
 * When a renewed term ends. Days are added to what `renewalBasis` says: the old end, this moment, or this moment if
 * the old end has passed. Throws 409 `LICENSE_WITHOUT_TERM`, 422 `EXPIRY_PASSED`.
 */
export function renewedUntil(old: Date | null, terms: Terms, { days, until }: Renewal, now: Date): Date {
  if (until) return inTheFuture(until, now);
  const added = days ?? terms.durationDays;
  if (added === null) {
    throw new DomainError(
      'conflict',
      'LICENSE_WITHOUT_TERM',
      'The terms of the licence give it no duration; say until when, or for how many days.',
    );
  }
  return endOf(renewsFrom(old, terms, now), added)!;
}

function renewsFrom(old: Date | null, { renewalBasis }: Terms, now: Date): Date {
  if (old === null || renewalBasis === 'now') return now;
  return renewalBasis === 'now_if_expired' && old <= now ? now : old;
}

/** Throws 422 `EXPIRY_PASSED` for what is over before it begins. */
export function inTheFuture(when: Date, now: Date): Date {
  if (when > now) return when;
  throw new DomainError('invalid', 'EXPIRY_PASSED', 'The expiry must be in the future.');
}
