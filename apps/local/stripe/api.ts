import type { IncomingMessage, ServerResponse } from 'node:http';
import { API_VERSION } from './books.js';
import type { Books } from './books.js';
import { accountOf, mustBeAllowed } from './credentials.js';
import { ENDPOINTS } from './endpoints.js';
import { invalidRequest, StripeRefusal } from './errors.js';
import type { ErrorBody } from './errors.js';
import { expanded } from './expand.js';
import type { Fault, Faults } from './faults.js';
import { check, parseForm } from './form.js';
import { sendJson } from './http.js';
import type { Answer, IdempotencyKeys } from './idempotency.js';
import { Router } from './router.js';
import { newId } from './store.js';

/** What was asked, for tests that count. */
export interface Asked {
  id: string;
  method: string;
  path: string;
  params: unknown;
  idempotency_key: string | null;
  status: number | null;
  replayed: boolean;
  fault: string | null;
}

const MOST_REQUESTS = 5_000;

/** The limits that are kept here are those of one object: https://docs.stripe.com/rate-limits */
const OF_ONE_OBJECT = { 'stripe-rate-limited-reason': 'resource-specific' };

/** Stripe's API over the books: keys, versions, idempotency, faults, and errors in Stripe's envelope. */
export class Api {
  private readonly router = new Router(ENDPOINTS);
  readonly asked: Asked[] = [];

  constructor(
    private readonly books: Books,
    private readonly faults: Faults,
    private readonly keys: IdempotencyKeys,
    private readonly apiKeys: readonly string[] | undefined,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse, url: URL, body: string): Promise<void> {
    const asked = this.note(request, url);
    try {
      mustBeAllowed(request, this.apiKeys);
      const raw = rawParams(request, url, body);
      asked.params = raw;
      await this.answer(request, response, url, raw, asked);
    } catch (error) {
      this.send(response, asked, { ...this.refusal(error), request: asked.id });
    }
  }

  /** The key is taken before a fault may delay the work, so that a second request meets the first one still at it. */
  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    raw: unknown,
    asked: Asked,
  ): Promise<void> {
    const key = takesKeys(asked.method, url.pathname) ? (asked.idempotency_key ?? undefined) : undefined;
    const known = key && this.keys.begin(key, url.pathname, JSON.stringify([asked.method, raw]));
    const fault = this.faults.strike(asked.method, url.pathname);
    if (fault && (await this.strike(fault, response, asked, known ? undefined : key))) return;
    const answer = known ? { ...known, kept: true } : this.run(url, raw, asked, accountOf(request));
    asked.status = answer.status;
    asked.replayed = Boolean(known);
    if (key && answer.kept) this.keys.finish(key, answer);
    else if (key) this.keys.abandon(key);
    if (fault?.kind === 'timeout_after_apply') return; // the client's patience decides
    if (fault?.kind === 'close_after_apply') response.destroy();
    else
      this.send(
        response,
        asked,
        answer,
        known ? replayed(known) : answer.status === 429 ? OF_ONE_OBJECT : {},
      );
  }

  /** True when the request ends here, one way or another. `key`: taken by this request, and free again if it ends. */
  private async strike(
    fault: Fault,
    response: ServerResponse,
    asked: Asked,
    key: string | undefined,
  ): Promise<boolean> {
    asked.fault = fault.kind;
    if (fault.kind === 'delay') await this.faults.outlast(fault);
    if (!['close', 'hang', 'status'].includes(fault.kind)) return false;
    const body = JSON.stringify({ error: faultBody(fault) }, null, 2);
    const answer = { status: fault.status, body, request: asked.id };
    if (fault.kind === 'hang') response.once('close', () => key && this.keys.abandon(key));
    else if (key && fault.kept) this.keys.finish(key, answer);
    else if (key) this.keys.abandon(key);
    if (fault.kind === 'close') response.destroy();
    if (fault.kind === 'status') this.send(response, asked, answer);
    return true;
  }

  /**
   * Neither refused parameters nor a limit are kept under the idempotency key: nothing was begun
   * (docs.stripe.com/error-low-level#idempotency).
   */
  private run(url: URL, raw: unknown, asked: Asked, account: string): Answer & { kept: boolean } {
    let begun = false;
    try {
      const { endpoint, ids } = this.router.find(asked.method, url.pathname);
      const params = check(endpoint.params, raw) as { expand?: string[] };
      begun = true;
      this.books.account = account;
      this.books.origin = { id: asked.id, idempotency_key: asked.idempotency_key };
      const answer = this.books.transact(
        () => expanded(this.books, endpoint.run(this.books, params, ...ids), params.expand),
        (error) => error instanceof StripeRefusal && error.keeps,
      );
      return { status: 200, body: JSON.stringify(answer, null, 2), request: asked.id, kept: true };
    } catch (error) {
      const refusal = this.refusal(error);
      return { ...refusal, request: asked.id, kept: begun && refusal.status !== 429 };
    } finally {
      this.books.origin = { id: null, idempotency_key: null };
    }
  }

  private refusal(error: unknown): { status: number; body: string } {
    if (error instanceof StripeRefusal)
      return { status: error.status, body: JSON.stringify({ error: error.body }, null, 2) };
    this.books.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const body: ErrorBody = {
      type: 'api_error',
      message: 'The local Stripe has a fault of its own; its log tells.',
    };
    return { status: 500, body: JSON.stringify({ error: body }, null, 2) };
  }

  private send(
    response: ServerResponse,
    asked: Asked,
    answer: Answer,
    headers: Record<string, string> = {},
  ): void {
    asked.status = answer.status;
    sendJson(response, answer.status, answer.body, {
      'request-id': asked.id,
      'stripe-version': API_VERSION,
      ...(asked.idempotency_key === null ? {} : { 'idempotency-key': asked.idempotency_key }),
      ...(answer.status === 409 ? { 'stripe-should-retry': 'true' } : {}),
      ...headers,
    });
  }

  private note(request: IncomingMessage, url: URL): Asked {
    const key = request.headers['idempotency-key'];
    const asked: Asked = {
      id: newId('req', 14),
      method: request.method ?? 'GET',
      path: url.pathname,
      params: null,
      idempotency_key: typeof key === 'string' && key !== '' ? key : null,
      status: null,
      replayed: false,
      fault: null,
    };
    this.asked.push(asked);
    if (this.asked.length > MOST_REQUESTS) this.asked.shift();
    return asked;
  }
}

/** A key has no effect elsewhere: https://docs.stripe.com/api/idempotent_requests; v2 takes one to delete, too. */
function takesKeys(method: string, path: string): boolean {
  return method === 'POST' || (method === 'DELETE' && path.startsWith('/v2/'));
}

function replayed({ request }: Answer): Record<string, string> {
  return { 'idempotent-replayed': 'true', 'original-request': request };
}

function rawParams(request: IncomingMessage, url: URL, body: string): unknown {
  if (request.method === 'GET' || body === '') return parseForm(url.search.slice(1));
  if (!url.pathname.startsWith('/v2/')) return parseForm(body);
  try {
    return JSON.parse(body);
  } catch {
    throw invalidRequest('Invalid JSON in the request.');
  }
}

function faultBody(fault: Fault): ErrorBody {
  const type =
    fault.status === 429
      ? 'invalid_request_error'
      : fault.status === 402
        ? 'card_error'
        : fault.status >= 500
          ? 'api_error'
          : 'invalid_request_error';
  const code =
    fault.code ?? (fault.status === 429 ? 'rate_limit' : fault.status === 402 ? 'card_declined' : undefined);
  return {
    type: fault.type ?? type,
    message: fault.message ?? 'A fault that was asked for.',
    ...(code ? { code } : {}),
  };
}
