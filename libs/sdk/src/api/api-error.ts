/** What an error says beside its status and code. Members in camelCase, as everything the client hands out. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Codes of our own, for calls that no Gatehouse answered. */
export type LocalErrorCode =
  /** No connection, or it broke. */
  | 'UNREACHABLE'
  | 'TIMED_OUT'
  /** Something answered that is no Gatehouse: another form, another type, too large, or its signature does not hold. */
  | 'BAD_ANSWER';

interface Told {
  status: number | null;
  code: string;
  message: string;
  traceId?: string | null;
  details?: ErrorDetails | null;
  retryAfterSeconds?: number | null;
  cause?: unknown;
}

/** A call that did not succeed. `code` is for programs: docs/errors.md, or a LocalErrorCode. */
export class ApiError extends Error {
  /** Of the answer; null: there was none, or none of ours. */
  readonly status: number | null;
  readonly code: string;
  /** Names the call in the server's log. */
  readonly traceId: string | null;
  readonly details: ErrorDetails | null;
  /** When to ask again, as told. */
  readonly retryAfterSeconds: number | null;

  constructor({ status, code, message, traceId, details, retryAfterSeconds, cause }: Told) {
    super(message, { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.traceId = traceId ?? null;
    this.details = details ?? null;
    this.retryAfterSeconds = retryAfterSeconds ?? null;
  }

  /** Nothing was decided: no answer, a failure of the server, or too many calls (S1-45). */
  get isUnreachable(): boolean {
    if (this.code === 'QUOTA_EXHAUSTED') return false;
    return this.status === null || this.status >= 500 || this.status === 429 || this.status === 408;
  }
}
