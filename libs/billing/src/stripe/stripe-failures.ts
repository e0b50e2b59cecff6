import { DomainError } from '#platform';
import { unavailable } from './call-gate.js';

/** What is read of an error of Stripe's library; its classes would load it. */
interface StripeFailure {
  type: string;
  statusCode?: number;
  code?: string;
  decline_code?: string;
  headers?: Record<string, string>;
}

const isStripeFailure = (error: unknown): error is Error & StripeFailure =>
  error instanceof Error && 'type' in error && String(error.type).startsWith('Stripe');

/** Nobody knows whether Stripe did it: no answer, or one of a fault of its own. */
export function isUnknown(error: unknown): boolean {
  if (!isStripeFailure(error)) return !(error instanceof DomainError);
  return error.type === 'StripeConnectionError' || (error.statusCode ?? 500) >= 500;
}

/** Stripe cannot do anything for us now, whoever asks. */
export function isOutage(error: unknown): boolean {
  return isUnknown(error) || (isStripeFailure(error) && error.type === 'StripeRateLimitError');
}

/** The same key is in use at Stripe by another call right now, or the object is locked: nothing was done. */
export const isInUse = (error: unknown): boolean =>
  isStripeFailure(error) &&
  (error.code === 'idempotency_key_in_use' || error.code === 'lock_timeout' || error.statusCode === 409);

/** Stripe has no such object. */
export const isMissing = (error: unknown): boolean =>
  isStripeFailure(error) && (error.code === 'resource_missing' || error.statusCode === 404);

/** Stripe has counted a use with this identifier before. */
export const isDuplicateUse = (error: unknown): boolean =>
  isStripeFailure(error) && error.code === 'duplicate_meter_event';

/** A key that is wrong, or may too little. */
export const isOurFault = (error: unknown): boolean =>
  isStripeFailure(error) && ['StripeAuthenticationError', 'StripePermissionError'].includes(error.type);

/** For the log and the row of a write: never the message, which may quote what a person typed. */
export function failureWord(error: unknown): string {
  if (!isStripeFailure(error)) return error instanceof DomainError ? error.code : 'unknown';
  return [error.statusCode ?? error.type, error.code, error.decline_code].filter(Boolean).join(' ');
}

/** What an error of Stripe is to whoever called us; what is none of Stripe's stays as it is. */
export function asBillingError(error: unknown): unknown {
  if (!isStripeFailure(error)) return error;
  if (error.type === 'StripeCardError') {
    return new DomainError('invalid', 'CARD_DECLINED', 'The card was declined.', {
      details: { reason: error.decline_code ?? error.code ?? 'declined' },
      cause: error,
    });
  }
  if (isInUse(error)) {
    return new DomainError('conflict', 'BILLING_BUSY', 'The same is being done right now; try again.', {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
  // A key that is wrong, or may too little, is ours to mend: for the caller payments are away.
  if (isOurFault(error) || isOutage(error)) return unavailable(5, error);
  return new DomainError('conflict', 'BILLING_CONFLICT', 'Payments refuse that as things stand.', {
    details: error.code ? { reason: error.code } : undefined,
    cause: error,
  });
}
