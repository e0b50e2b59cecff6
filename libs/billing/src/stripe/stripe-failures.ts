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
  return isUnknown(error) || (isRateLimit(error) && !isOfOneObject(error));
}

/** The same key is in use at Stripe by another call right now, or the object is locked, or changed too often: nothing was done. */
export const isInUse = (error: unknown): boolean =>
  isStripeFailure(error) &&
  (error.code === 'idempotency_key_in_use' || error.statusCode === 409 || isOfOneObject(error));

const isRateLimit = (error: unknown): error is Error & StripeFailure =>
  isStripeFailure(error) && error.type === 'StripeRateLimitError';

/**
 * A 429 of one object, which says nothing of the others: one that is locked, or has limits of its own, as a subscription
 * has (docs.stripe.com/rate-limits: `lock_timeout`, and the header `Stripe-Rate-Limited-Reason`).
 */
const isOfOneObject = (error: unknown): boolean =>
  isRateLimit(error) &&
  ((error.code !== undefined && error.code !== 'rate_limit') ||
    error.headers?.['stripe-rate-limited-reason'] === 'resource-specific');

/** The key is known at Stripe with something else under it: nobody knows what became of what was asked first. */
export const isOtherUse = (error: unknown): boolean =>
  isStripeFailure(error) && error.type === 'StripeIdempotencyError' && !isInUse(error);

/** Stripe has looked at it and says no: it was not done under this key, and never will be. */
export const isRefusal = (error: unknown): boolean =>
  isStripeFailure(error) &&
  !isOutage(error) &&
  !isInUse(error) &&
  !isOtherUse(error) &&
  // Nobody looked at it: the way in was closed.
  !isOurFault(error);

/** Of what the gateway throws: Stripe has answered, and asking again would change nothing. */
export const isAnswer = (error: unknown): error is DomainError =>
  error instanceof DomainError && ['conflict', 'invalid', 'too_many'].includes(error.kind);

/** Of what the gateway throws: Stripe has refused what was asked of it, as things stand. */
export const isConflict = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.code === 'BILLING_CONFLICT';

/** Stripe has no such object. */
export const isMissing = (error: unknown): boolean =>
  isStripeFailure(error) && (error.code === 'resource_missing' || error.statusCode === 404);

/** Stripe has counted a use with this identifier before. */
export const isDuplicateUse = (error: unknown): boolean =>
  isStripeFailure(error) && error.code === 'duplicate_meter_event';

/** A key that is wrong, or may too little. */
export const isOurFault = (error: unknown): boolean =>
  isStripeFailure(error) && ['StripeAuthenticationError', 'StripePermissionError'].includes(error.type);

/** What {@link failureWord} calls {@link isOtherUse}. */
export const OTHER_USE = 'idempotency_error';

/** By authentication alone: what a bank wants to hear from a person (docs.stripe.com/error-codes, docs.stripe.com/declines/codes). */
const WANTS_A_PERSON = new Set([
  'authentication_required',
  'invoice_payment_intent_requires_action',
  'payment_intent_action_required',
  // In no list of the SDK's; what `error_if_incomplete` answers.
  'subscription_payment_intent_requires_action',
]);

/** The card is good, and its bank wants to hear from whoever owns it; nothing has changed. */
export const isPersonWanted = (error: unknown): boolean =>
  isStripeFailure(error) &&
  [error.code, error.decline_code].some((word) => word !== undefined && WANTS_A_PERSON.has(word));

/** 422. `url`: Stripe's page where the payment waits for a person; null: it waits nowhere. */
export const paymentActionRequired = (url: string | null, cause?: unknown): DomainError =>
  new DomainError('invalid', 'PAYMENT_ACTION_REQUIRED', 'Somebody has to confirm the payment.', {
    details: { url },
    cause,
  });

/** For the log and the row of a write: never the message, which may quote what a person typed. */
export function failureWord(error: unknown): string {
  if (!isStripeFailure(error)) return error instanceof DomainError ? error.code : 'unknown';
  if (isOtherUse(error)) return OTHER_USE;
  return [error.statusCode ?? error.type, error.code, error.decline_code].filter(Boolean).join(' ');
}

/** What an error of Stripe is to whoever called us; what is none of Stripe's stays as it is. */
export function asBillingError(error: unknown): unknown {
  if (!isStripeFailure(error)) return error;
  if (isPersonWanted(error)) return paymentActionRequired(null, error);
  if (error.type === 'StripeCardError') {
    return new DomainError('invalid', 'CARD_DECLINED', 'The card was declined.', {
      details: { reason: error.decline_code ?? error.code ?? 'declined' },
      cause: error,
    });
  }
  // Asked again, it is looked up.
  if (isInUse(error) || isOtherUse(error)) return busy(error);
  // A key that is wrong, or may too little, is ours to mend: for the caller payments are away.
  if (isOurFault(error) || isOutage(error)) return unavailable(5, error);
  return new DomainError('conflict', 'BILLING_CONFLICT', 'Payments refuse that as things stand.', {
    details: error.code ? { reason: error.code } : undefined,
    cause: error,
  });
}

/** Something of the same is under way, or has just become true: whoever comes again in a moment gets an answer. */
export const busy = (cause?: unknown): DomainError =>
  // No refusal that is kept: the same Idempotency-Key gets the answer when it comes again.
  new DomainError('unavailable', 'BILLING_BUSY', 'The same is being done right now; try again.', {
    retryAfterSeconds: 1,
    cause,
  });
