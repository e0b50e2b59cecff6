import { DomainError, notFound } from '#platform';
import { inTheFuture } from './license-term.js';
import { isOn, type Override, OVERRIDES_MAX } from './terms.js';

/**
 * The overrides with one more, without those that have ended. Throws 422 `OVERRIDE_EMPTY` or `EXPIRY_PASSED`, 409
 * `OVERRIDES_EXHAUSTED`.
 */
export function withOverride(overrides: readonly Override[], added: Override, now: Date): Override[] {
  if (Object.keys(added.terms).length === 0) {
    throw new DomainError('invalid', 'OVERRIDE_EMPTY', 'An override must change something.');
  }
  if (added.expiresAt !== null) inTheFuture(new Date(added.expiresAt), now);
  const standing = overrides.filter((one) => isOn(one, now));
  if (standing.length >= OVERRIDES_MAX) {
    throw new DomainError(
      'conflict',
      'OVERRIDES_EXHAUSTED',
      `There are ${OVERRIDES_MAX} overrides already; take one away first.`,
    );
  }
  return [...standing, added];
}

/** The overrides without the one at `number`, counted from 1 as they are shown; without a number none is left. Throws 404. */
export function withoutOverride(overrides: readonly Override[], number?: number): Override[] {
  if (overrides.length === 0 || (number !== undefined && number > overrides.length))
    throw notFound('override');
  return number === undefined ? [] : overrides.filter((_, index) => index !== number - 1);
}
