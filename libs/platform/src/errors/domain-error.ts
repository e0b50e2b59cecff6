/** The closed set of refusals. Each maps to one HTTP status, here and nowhere else. */
export const STATUS_OF_KIND = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported_media_type: 415,
  invalid: 422,
  too_many: 429,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorKind = keyof typeof STATUS_OF_KIND;

export interface ErrorExtras {
  /** Public, in the envelope. Keys in camelCase; they leave in snake_case. */
  details?: Record<string, unknown>;
  /** Whole seconds; sent as Retry-After. */
  retryAfterSeconds?: number;
  /** Private: goes to the log, never to the caller. */
  cause?: unknown;
}

/**
 * A refusal that the caller is meant to read. `code` is public API: it belongs to one context, is listed in
 * docs/errors.md and never changes its meaning.
 */
export class DomainError extends Error {
  readonly details?: Record<string, unknown>;
  readonly retryAfterSeconds?: number;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    extras: ErrorExtras = {},
  ) {
    super(message, { cause: extras.cause });
    this.name = 'DomainError';
    this.details = extras.details;
    this.retryAfterSeconds = extras.retryAfterSeconds;
  }

  get status(): number {
    return STATUS_OF_KIND[this.kind];
  }
}

/** What every failed bearer gets, whatever the cause: the cause is only in the log, by type (S4-21, S4-23). */
export function unauthenticated(cause: string): DomainError {
  return new DomainError('unauthenticated', 'UNAUTHENTICATED', 'Authentication is required.', { cause });
}

/** What an unknown id gets, and another tenant's id just the same. */
export function notFound(what: string): DomainError {
  return new DomainError('not_found', 'NOT_FOUND', `No such ${what}.`);
}
