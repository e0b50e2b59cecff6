import { type Claims, parseObject } from '../formats/claims.js';
import { acceptSignature, type SignedAnswer, type SignedRequest } from '../formats/http-signature.js';
import { boundedBytes } from './bounded-bytes.js';
import { asApiError, oauthRefusal, refusal } from './refusals.js';
import { secureUrl } from './server-url.js';
import { type After, afterMs, TimeLimit } from './time-limit.js';
import { toWire } from './wire.js';

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
  after?: After;
  /** How the program introduces itself in `User-Agent`; browsers do so themselves. */
  userAgent?: string;
  /** What the server is to know this machine by, in `X-Device-Id`; null: nothing. */
  deviceId?: () => Promise<string | null>;
  signatures?: AnswerSignatures;
  /** `cookie`: the browser keeps the tokens and sends them along; no script ever sees one. */
  session?: 'cookie';
}

/** A request, and how long it may take. */
export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the server's root. */
  path: string;
  /** In camelCase. */
  body?: object;
  /** Instead of a body, to an OAuth endpoint: it is refused in the words of its RFC. */
  form?: Readonly<Record<string, string>>;
  bearer?: string | null;
  headers?: Readonly<Record<string, string>>;
  timeoutMs?: number;
  /** Lets a page send it while it is closed. */
  keepalive?: boolean;
  signal?: AbortSignal;
  /** Keys cannot be asked for under keys that are not known yet. */
  unsigned?: boolean;
}

export interface Call<T> extends Request {
  /** Takes the answer's members, in snake_case, and throws InvalidDocument when they are not as they should be. */
  read: (answer: Claims) => T;
}

/** An answer that is read piece by piece. */
export interface Opened {
  status: number;
  headers: Headers;
  /** Fails with ApiError. Whoever reads it to no end cancels it. */
  body: ReadableStream<Uint8Array>;
}

/** Says that the answer's tokens go into cookies, and that the cookies' are meant (no form of another site can say so). */
export const COOKIE_SESSION = { 'gatehouse-session': 'cookie' } as const;

const DEFAULT_TIMEOUT_MS = 10_000;
/** In bytes; the largest answers, a page of a hundred licences and a document of keys, have a tenth of it. */
const MAX_ANSWER = 1_048_576;

/** HTTP, with an end to everything: time, size, redirects. */
export class Transport {
  readonly url: string;
  private readonly options: TransportOptions;

  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(options: TransportOptions) {
    this.url = secureUrl(options.url, options.allowHttp);
    this.options = options;
  }

  /** JSON. Throws ApiError, and nothing else. */
  async call<T>(call: Call<T>): Promise<T> {
    const limit = this.limitOf(call);
    try {
      return read(call, await this.exchange(call, limit.signal));
    } catch (error) {
      throw asApiError(error, { url: this.url, limit });
    } finally {
      limit.end();
    }
  }

  /** A file: its time is for the beginning, and again for each further piece. Throws ApiError, and nothing else. */
  async open(request: Request): Promise<Opened> {
    const limit = this.limitOf(request);
    try {
      const response = await this.send(request, limit.signal, { accept: '*/*' });
      const { status, headers } = response;
      if (!isSuccess(status)) throw refusal(status, headers, await textOf(response));
      return { status, headers, body: this.pieces(response, limit) };
    } catch (error) {
      limit.end();
      throw asApiError(error, { url: this.url, limit });
    }
  }

  private limitOf({ timeoutMs, signal }: Request): TimeLimit {
    const { options } = this;
    const ms = timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    return new TimeLimit(ms, options.after ?? afterMs, signal);
  }

  private async exchange(request: Request, signal: AbortSignal): Promise<Exchange> {
    const signatures = request.unsigned ? undefined : this.options.signatures;
    const nonce = signatures?.newNonce();
    const signed = nonce !== undefined && { 'accept-signature': acceptSignature(nonce) };
    const response = await this.send(request, signal, { accept: 'application/json', ...signed });
    const { status, headers } = response;
    const body = await boundedBytes(response, MAX_ANSWER);
    if (nonce !== undefined) {
      const url = `${this.url}${request.path}`;
      await signatures?.check({ status, headers, body }, { method: request.method, url, nonce });
    }
    return { status, headers, text: new TextDecoder().decode(body) };
  }

  private async send(request: Request, signal: AbortSignal, more: Record<string, string>): Promise<Response> {
    const { userAgent, session } = this.options;
    const deviceId = await this.options.deviceId?.();
    const send = this.options.fetch ?? fetch;
    return send(`${this.url}${request.path}`, {
      method: request.method,
      headers: {
        ...more,
        ...(userAgent !== undefined && { 'user-agent': userAgent }),
        ...(deviceId && { 'x-device-id': deviceId }),
        ...(session === 'cookie' && COOKIE_SESSION),
        ...(request.bearer && { authorization: `Bearer ${request.bearer}` }),
        ...(request.body && { 'content-type': 'application/json' }),
        ...(request.form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...request.headers,
      },
      ...(request.body && { body: JSON.stringify(toWire(request.body)) }),
      ...(request.form && { body: new URLSearchParams(request.form).toString() }),
      ...(session === 'cookie' && { credentials: 'include' as const }),
      // A redirect would carry keys and tokens to wherever somebody pointed it.
      redirect: 'error',
      ...(request.keepalive && { keepalive: true }),
      signal,
    });
  }

  private pieces(response: Response, limit: TimeLimit): ReadableStream<Uint8Array> {
    const reader = response.body?.getReader();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        limit.again();
        try {
          const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
          // Whoever reads slowly has the time they need.
          limit.pause();
          if (!done) return controller.enqueue(value);
          limit.end();
          controller.close();
        } catch (error) {
          limit.end();
          controller.error(asApiError(error, { url: this.url, limit }));
        }
      },
      cancel: async (reason) => {
        limit.end();
        await reader?.cancel(reason);
      },
    });
  }
}

interface Exchange {
  status: number;
  headers: Headers;
  text: string;
}

function read<T>(call: Call<T>, { status, headers, text }: Exchange): T {
  if (isSuccess(status)) return call.read(status === 204 ? {} : parseObject(text, 'answer'));
  throw (call.form ? oauthRefusal : refusal)(status, headers, text);
}

const isSuccess = (status: number) => status >= 200 && status < 300;

const textOf = async (response: Response) =>
  new TextDecoder().decode(await boundedBytes(response, MAX_ANSWER));
