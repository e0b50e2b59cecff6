import type { Claims } from '../formats/claims.js';
import { type AccessToken, type Page, readPage } from './answers.js';
import { ApiError, MfaEnrollmentRequired, MfaRequired } from './api-error.js';
import { asCookieCall, asCookieRequest } from './cookie-call.js';
import { type After, afterMs } from './time-limit.js';
import { type Call, type Opened, type Request, Transport, type TransportOptions } from './transport.js';

/** Where bearers come from. */
export interface BearerSource {
  /** The one to use now; null: nobody is signed in. */
  token(): Promise<string | null>;
  /** Another one, after this was refused; null: there is none. */
  renew(refused: string): Promise<string | null>;
  /** Takes an access token of the same session to be used instead of the one by which it was got. */
  replace?(used: string, by: AccessToken): Promise<void>;
}

export interface ApiOptions extends TransportOptions {
  bearer?: BearerSource;
}

/** Per call. */
export interface CallOptions {
  timeoutMs?: number;
  keepalive?: boolean;
  signal?: AbortSignal;
}

/** A list that gives more pages than this goes round in circles. */
const MAX_PAGES = 10_000;

/** Calls without a bearer, calls with one, lists and files. */
export class Caller {
  readonly url: string;
  /** The timers that calls go by. */
  readonly after: After;
  private readonly transport: Transport;
  private readonly bearer: BearerSource | null;
  private readonly usesCookies: boolean;

  /** Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed. */
  constructor(options: ApiOptions) {
    this.transport = new Transport(options);
    this.url = this.transport.url;
    this.after = options.after ?? afterMs;
    this.bearer = options.bearer ?? null;
    this.usesCookies = options.session === 'cookie';
  }

  call<T>(call: Call<T>): Promise<T> {
    return this.transport.call(this.usesCookies ? asCookieCall(call) : call);
  }

  /** A bearer that is refused is renewed once. */
  async asBearer<T>(call: Call<T>): Promise<T> {
    return (await this.asOne((bearer) => this.call({ ...call, bearer }))).answer;
  }

  /** The same, and what it gives is the bearer from now on. */
  async asBearerAnew(call: Call<AccessToken>): Promise<AccessToken> {
    const { answer, bearer } = await this.asOne((used) => this.call({ ...call, bearer: used }));
    if (bearer !== null) await this.bearer?.replace?.(bearer, answer);
    return answer;
  }

  /** A file. */
  async open(request: Request): Promise<Opened> {
    const how = this.usesCookies ? asCookieRequest : (one: Request) => one;
    return (await this.asOne((bearer) => this.transport.open(how({ ...request, bearer })))).answer;
  }

  /** Page after page, as they are asked for. */
  async *list<T>(path: string, limit: number, read: (item: Claims) => T): AsyncGenerator<T, void, undefined> {
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const call = { method: 'GET' as const, path: `${path}?limit=${limit}${from}`, read: readPage(read) };
      const answer: Page<T> = await this.asBearer(call);
      yield* answer.data;
      if (answer.nextCursor === null || answer.nextCursor === cursor) return;
      cursor = answer.nextCursor;
    }
  }

  private async asOne<T>(
    call: (bearer: string | null) => Promise<T>,
  ): Promise<{ answer: T; bearer: string | null }> {
    const bearer = (await this.bearer?.token()) ?? null;
    try {
      return { answer: await call(bearer), bearer };
    } catch (error) {
      const renewed = bearer !== null && isOfBearer(error) ? await this.bearer?.renew(bearer) : null;
      if (!renewed) throw error;
      return { answer: await call(renewed), bearer: renewed };
    }
  }
}

/** Whether it is the bearer that was refused; who is asked for a second factor has a good one. */
const isOfBearer = (error: unknown): boolean =>
  error instanceof ApiError &&
  error.status === 401 &&
  !(error instanceof MfaRequired || error instanceof MfaEnrollmentRequired);
