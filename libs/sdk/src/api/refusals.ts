import { type Claims, parseObject } from '../formats/claims.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import { ApiError, type ErrorDetails, refusalOf } from './api-error.js';
import type { TimeLimit } from './time-limit.js';
import { fromWire } from './wire.js';

const MAX_RETRY_AFTER_S = 86_400;

/** The error that an answer of our own routes comes to. */
export function refusal(status: number, headers: Headers, body: string): ApiError {
  const error = errorOf(body);
  const text = (name: string) => (typeof error?.[name] === 'string' ? error[name] : null);
  return refusalOf({
    status,
    // A status of something in between: no code of ours, so nothing is concluded from it.
    code: text('code')?.slice(0, 128) ?? `HTTP_${status}`,
    message: text('message')?.slice(0, 500) ?? `The server answered with status ${status}.`,
    traceId: text('trace_id') ?? headers.get('x-trace-id'),
    details: detailsOf(error?.['details']),
    retryAfterSeconds: retryAfter(headers.get('retry-after')),
  });
}

/** The same of an OAuth endpoint, whose code is a word of RFC 6749, 5.2 or RFC 8628, 3.5, such as `slow_down`. */
export function oauthRefusal(status: number, headers: Headers, body: string): ApiError {
  const answer = objectOf(body);
  const text = (name: string) => (typeof answer?.[name] === 'string' ? answer[name] : null);
  const word = text('error');
  // What stops a request before it gets there answers as everywhere.
  if (word === null || !/^[a-z_]{1,64}$/.test(word)) return refusal(status, headers, body);
  return new ApiError({
    status,
    code: word,
    message: text('error_description')?.slice(0, 500) ?? `The server answered ${word}.`,
    traceId: headers.get('x-trace-id'),
    retryAfterSeconds: retryAfter(headers.get('retry-after')),
  });
}

/** The call was called off. */
export const aborted = (cause?: unknown): ApiError =>
  new ApiError({ status: null, code: 'ABORTED', message: 'It was called off.', cause });

/** The error that anything else comes to. */
export function asApiError(
  error: unknown,
  { url, limit }: { url: string; limit: Pick<TimeLimit, 'isOver' | 'isCalledOff'> },
): ApiError {
  if (error instanceof ApiError) return error;
  if (limit.isCalledOff) return aborted(error);
  if (limit.isOver)
    return new ApiError({ status: null, code: 'TIMED_OUT', message: `${url} did not answer in time.` });
  if (error instanceof InvalidDocument) {
    const message = `${url} gave an answer that is not one of a Gatehouse: ${error.message}`;
    return new ApiError({ status: null, code: 'BAD_ANSWER', message, cause: error });
  }
  const message = `${url} cannot be reached${whyOf(error)}.`;
  return new ApiError({ status: null, code: 'UNREACHABLE', message, cause: error });
}

function errorOf(body: string): Claims | null {
  const error = objectOf(body)?.['error'];
  return typeof error === 'object' && error !== null ? (error as Claims) : null;
}

function objectOf(body: string): Claims | null {
  try {
    return parseObject(body, 'answer');
  } catch {
    return null;
  }
}

const detailsOf = (details: unknown): ErrorDetails | null =>
  typeof details === 'object' && details !== null && !Array.isArray(details)
    ? (fromWire(details) as ErrorDetails)
    : null;

/** In seconds; a date, which ours never sends, counts as nothing told. */
function retryAfter(text: string | null): number | null {
  if (text === null || !/^\d{1,9}$/.test(text)) return null;
  return Math.min(Number(text), MAX_RETRY_AFTER_S);
}

/** fetch hides the reason in the cause. */
function whyOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : null;
  if (typeof cause !== 'object' || cause === null) return '';
  if ('code' in cause && typeof cause.code === 'string') return ` (${cause.code})`;
  return 'message' in cause && typeof cause.message === 'string' ? ` (${cause.message})` : '';
}
