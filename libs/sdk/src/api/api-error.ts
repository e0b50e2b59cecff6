import type { ErrorCode, ErrorKind } from './error-codes.js';

/** What an error says beside its status and code. Members in camelCase, as everything the client hands out. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Codes that are not in docs/errors.md: of calls that no Gatehouse answered, and of sign-ins by OAuth. */
export type LocalErrorCode =
  /** No connection, or it broke. */
  | 'UNREACHABLE'
  | 'TIMED_OUT'
  /** Something answered that is no Gatehouse: another form, another type, too large, or its signature does not hold. */
  | 'BAD_ANSWER'
  /** Whoever asked called it off. */
  | 'ABORTED'
  /** This machine has none, or none that may be opened. */
  | 'NO_BROWSER'
  /** A file that was being made came to nothing. */
  | 'EXPORT_FAILED'
  /** What a sign-in in a browser or by a code comes to, beside tokens: OAuthErrorCode. */
  | OAuthErrorCode;

/** The words of RFC 6749, 4.1.2.1 and 5.2, and RFC 8628, 3.5, that a sign-in may end with. */
export type OAuthErrorCode =
  /** The person said no. */
  | 'access_denied'
  /** Nobody said anything in time. */
  | 'expired_token'
  /** It was used before, has run out, or what approved it does not hold any more. */
  | 'invalid_grant'
  | 'invalid_request'
  | 'server_error'
  | 'temporarily_unavailable';

/** The codes that this version knows, and whatever a later server adds. */
export type ApiErrorCode = ErrorCode | LocalErrorCode | (string & Record<never, never>);

interface Told {
  status: number | null;
  code: string;
  message: string;
  traceId?: string | null;
  details?: ErrorDetails | null;
  retryAfterSeconds?: number | null;
  cause?: unknown;
}

const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  410: 'gone',
  413: 'too_large',
  415: 'unsupported_media_type',
  422: 'invalid',
  429: 'too_many',
  500: 'internal',
  503: 'unavailable',
};

/** A call that did not succeed. `code` is for programs: docs/errors.md, or a LocalErrorCode. */
export class ApiError extends Error {
  /** Of the answer; null: there was none, or none of ours. */
  readonly status: number | null;
  readonly code: ApiErrorCode;
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

  /** What a program that does not know the code goes by; `unanswered`: nobody refused, nobody answered. */
  get kind(): ErrorKind | 'unanswered' {
    if (this.status === null) return 'unanswered';
    return KIND_OF_STATUS[this.status] ?? (this.status >= 500 ? 'unavailable' : 'malformed');
  }

  /** Nothing was decided: no answer, a failure of the server, or too many calls (S1-45). */
  get isUnreachable(): boolean {
    if (this.code === 'QUOTA_EXHAUSTED') return false;
    return this.status === null || this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** The password was right, and the second factor is asked for: `answerChallenge` with this token and a code. */
export class MfaRequired extends ApiError {
  override readonly name = 'MfaRequired';

  constructor(
    told: Told,
    readonly mfaToken: string,
  ) {
    super(told);
  }
}

/**
 * The password was right, and the organisation asks for a second factor that is not set up yet: `account.enrollTotp` with
 * this token, then `confirmTotp` with it and a code, which signs in.
 */
export class MfaEnrollmentRequired extends ApiError {
  override readonly name = 'MfaEnrollmentRequired';

  constructor(
    told: Told,
    readonly mfaToken: string,
  ) {
    super(told);
  }
}

/** What was asked for is for who has shown a short time ago who they are: `account.reauthenticate`, then once more. */
export class ReauthenticationRequired extends ApiError {
  override readonly name = 'ReauthenticationRequired';
  /** What counts, such as `code`; empty: the server does not say. */
  readonly methods: readonly string[];
  /** How long ago it may be; null: the server does not say. */
  readonly maxAgeSeconds: number | null;

  constructor(told: Told) {
    super(told);
    const age = told.details?.['maxAgeSeconds'];
    this.methods = textsOf(told.details?.['methods']);
    this.maxAgeSeconds = typeof age === 'number' ? age : null;
  }
}

/** A new password that may not be chosen, and what would make it better. */
export class PasswordTooWeak extends ApiError {
  override readonly name = 'PasswordTooWeak';
  /** Such as `too_short` and `used_before`; for programs. */
  readonly problems: readonly string[];
  /** For people, in English. */
  readonly advice: readonly string[];

  constructor(told: Told) {
    super(told);
    this.problems = textsOf(told.details?.['problems']);
    this.advice = textsOf(told.details?.['advice']);
  }
}

/** The error that an answer comes to. */
export function refusalOf(told: Told): ApiError {
  const mfaToken = told.details?.['mfaToken'];
  const hasToken = typeof mfaToken === 'string';
  if (told.code === 'MFA_REQUIRED' && hasToken) return new MfaRequired(told, mfaToken);
  if (told.code === 'MFA_ENROLLMENT_REQUIRED' && hasToken) return new MfaEnrollmentRequired(told, mfaToken);
  if (told.code === 'REAUTHENTICATION_REQUIRED') return new ReauthenticationRequired(told);
  return told.code === 'PASSWORD_TOO_WEAK' ? new PasswordTooWeak(told) : new ApiError(told);
}

/** Whether a call was refused with one of these codes. */
export const isRefusal = <C extends ErrorCode | LocalErrorCode>(
  error: unknown,
  ...codes: readonly C[]
): error is ApiError & { readonly code: C } =>
  error instanceof ApiError && (codes as readonly string[]).includes(error.code);

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
