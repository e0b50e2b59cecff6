import { DomainError } from '#platform';
import type { Terms } from './terms.js';

const DAY_MS = 86_400_000;

/** When so many days that begin at `from` are over; null: never. */
export const endOf = (from: Date, days: number | null): Date | null =>
  days === null ? null : new Date(from.getTime() + days * DAY_MS);

/** When a licence is overdue for its check-in; null: never. */
export const checkInDueAt = (
  license: { checkedInAt: Date | null; startedAt: Date | null; createdAt: Date },
  { checkInDays }: Pick<Terms, 'checkInDays'>,
): Date | null => endOf(license.checkedInAt ?? license.startedAt ?? license.createdAt, checkInDays);

/** Whether a term waits for no first use; what never ends has nothing to wait with. */
export const beginsByItself = ({ expiryBasis, durationDays }: Terms): boolean =>
  expiryBasis === 'creation' || durationDays === null;

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
