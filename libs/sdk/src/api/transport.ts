import { type Claims, parseObject } from '../formats/claims.js';
import { acceptSignature, type SignedAnswer, type SignedRequest } from '../formats/http-signature.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import { ApiError, type ErrorDetails, refusalOf } from './api-error.js';
import { boundedBytes } from './bounded-bytes.js';
import { secureUrl } from './server-url.js';
import { fromWire, toWire } from './wire.js';

/** Asks for signed answers (RFC 9421) and believes no others. */
export interface AnswerSignatures {
  newNonce(): string;
  /** Throws InvalidDocument for an answer that must not be believed. */
  check(answer: SignedAnswer, request: SignedRequest): Promise<unknown>;
}

export interface TransportOptions {
  /** Where the server is, such as `https://licences.example`. */
  url: string;
  /** Lets passwords, tokens and keys go over bare HTTP to other machines, as in a closed network; false when left out. */
  allowHttp?: boolean;
  fetch?: typeof fetch;
  /** For a whole exchange, ms. */
  timeoutMs?: number;
  /** Calls back once after so many ms, gives what calls it off. */
  after?: (ms: number, work: () => void) => () => void;
  /** How the program introduces itself in `User-Agent`; browsers do so themselves. */
  userAgent?: string;
  /** What the server is to know this machine by, in `X-Device-Id`; null: nothing. */
  deviceId?: () => Promise<string | null>;
  signatures?: AnswerSignatures;
}

export interface Call<T> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** From the server's root. */
  path: string;
  /** In camelCase. */
  body?: object;
  bearer?: string | null;
  timeoutMs?: number;
  /** Lets a page send it while it is closed. */
  keepalive?: boolean;
  signal?: AbortSignal;
  /** Keys cannot be asked for under keys that are not known yet. */
  unsigned?: boolean;
  /** Takes the answer's members, in snake_case, and throws InvalidDocument when they are not as they should be. */
  read: (answer: Claims) => T;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** In bytes; the largest answers, a page of a hundred licences and a document of keys, have a tenth of it. */
const MAX_ANSWER = 1_048_576;
const MAX_RETRY_AFTER_S = 86_400;

/** JSON over HTTP, with an end to everything: time, size, redirects. */
export class Transport {
  readonly url: string;
  private readonly options: TransportOptions;

  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(options: TransportOptions) {
    this.url = secureUrl(options.url, options.allowHttp);
    this.options = options;
  }

  /** Throws ApiError, and nothing else. */
  async call<T>(call: Call<T>): Promise<T> {
    const stop = new AbortController();
    let timedOut = false;
    const after = this.options.after ?? afterMs;
    const cancel = after(call.timeoutMs ?? this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => {
      timedOut = true;
      stop.abort();
    });
    const abort = () => stop.abort();
    call.signal?.addEventListener('abort', abort, { once: true });
    if (call.signal?.aborted) abort();
    try {
      return read(call, await this.exchange(call, stop.signal));
    } catch (error) {
      throw asApiError(error, this.url, timedOut);
    } finally {
      cancel();
      call.signal?.removeEventListener('abort', abort);
    }
  }

  private async exchange<T>(call: Call<T>, signal: AbortSignal): Promise<Exchange> {
    const { userAgent } = this.options;
    const signatures = call.unsigned ? undefined : this.options.signatures;
    const url = `${this.url}${call.path}`;
    const nonce = signatures?.newNonce();
    const deviceId = await this.options.deviceId?.();
    const send = this.options.fetch ?? fetch;
    const response = await send(url, {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(userAgent !== undefined && { 'user-agent': userAgent }),
        ...(deviceId && { 'x-device-id': deviceId }),
        ...(call.bearer && { authorization: `Bearer ${call.bearer}` }),
        ...(call.body && { 'content-type': 'application/json' }),
        ...(nonce !== undefined && { 'accept-signature': acceptSignature(nonce) }),
      },
      ...(call.body && { body: JSON.stringify(toWire(call.body)) }),
      // A redirect would carry keys and tokens to wherever somebody pointed it.
      redirect: 'error',
      ...(call.keepalive && { keepalive: true }),
      signal,
    });
    const { status, headers } = response;
    const body = await boundedBytes(response, MAX_ANSWER);
    if (nonce !== undefined)
      await signatures?.check({ status, headers, body }, { method: call.method, url, nonce });
    return { status, headers, text: new TextDecoder().decode(body) };
  }
}

interface Exchange {
  status: number;
  headers: Headers;
  text: string;
}

function read<T>(call: Call<T>, { status, headers, text }: Exchange): T {
  if (status >= 200 && status < 300) return call.read(parseObject(text, 'answer'));
  throw refusal(status, headers, text);
}

function refusal(status: number, headers: Headers, body: string): ApiError {
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

function errorOf(body: string): Claims | null {
  try {
    const error = parseObject(body, 'answer')['error'];
    return typeof error === 'object' && error !== null ? (error as Claims) : null;
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

function asApiError(error: unknown, url: string, timedOut: boolean): ApiError {
  if (error instanceof ApiError) return error;
  if (timedOut)
    return new ApiError({ status: null, code: 'TIMED_OUT', message: `${url} did not answer in time.` });
  if (error instanceof InvalidDocument) {
    const message = `${url} gave an answer that is not one of a Gatehouse: ${error.message}`;
    return new ApiError({ status: null, code: 'BAD_ANSWER', message, cause: error });
  }
  const message = `${url} cannot be reached${whyOf(error)}.`;
  return new ApiError({ status: null, code: 'UNREACHABLE', message, cause: error });
}

/** fetch hides the reason in the cause. */
function whyOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : null;
  if (typeof cause !== 'object' || cause === null) return '';
  if ('code' in cause && typeof cause.code === 'string') return ` (${cause.code})`;
  return 'message' in cause && typeof cause.message === 'string' ? ` (${cause.message})` : '';
}

function afterMs(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}
