import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../api/api-error.js';
import type { Usage } from '../api/answers.js';
import type { ApiOptions } from '../api/caller.js';
import { GatehouseApi } from '../api/gatehouse-api.js';

/** Who uses: a customer's bearer, their licence key, or the seat their program holds. */
export type Customer = { bearer: string } | { licenseKey: string } | { sessionId: string };

export interface QuotaMiddlewareOptions<R extends IncomingMessage = IncomingMessage> extends Omit<
  ApiOptions,
  'bearer'
> {
  meter: string;
  /** How much a request uses, from 1 up; 1 unless given. */
  amount?: (request: R) => number;
  /** Whose use it is; null: nobody's, 401. Unless given: the header `X-License-Key`, else the bearer. */
  customer?: (request: R) => Customer | null | Promise<Customer | null>;
  /** When Gatehouse does not answer: 503, or the request is served uncounted. `refuse` unless given. */
  whenUnreachable?: 'refuse' | 'serve';
  /** Told of each request that was counted. */
  onUse?: (request: R, usage: Usage) => void;
}

/** As Express, Connect, Polka, Nest and Fastify with middie take it. */
export type Middleware<R extends IncomingMessage = IncomingMessage> = (
  request: R,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

const RETRY_SECONDS = 5;
/** What a customer can put right; every other refusal is ours, and goes to `next`. */
const CUSTOMERS = new Set([401, 403, 404, 409, 410]);

/**
 * For a vendor's own server: counts each request against the customer's quota before the route runs, and answers 429
 * `QUOTA_EXHAUSTED` with Retry-After when it is used up. A request that is repeated with its Idempotency-Key counts once.
 * Throws TypeError when `url` is no address of a server, or one of bare HTTP that was not allowed.
 */
export function quotaMiddleware<R extends IncomingMessage = IncomingMessage>(
  options: QuotaMiddlewareOptions<R>,
): Middleware<R> {
  const { meter, amount, customer = customerOf, whenUnreachable = 'refuse', onUse, ...api } = options;
  const keyed = new GatehouseApi(api);

  const count = async (request: R): Promise<Usage> => {
    const who = await customer(request);
    if (!who) throw new ApiError({ status: 401, code: 'UNAUTHENTICATED', message: 'Say who you are.' });
    const use = { meter, amount: amount?.(request) ?? 1, idempotencyKey: keyOf(request, who) };
    if (!('bearer' in who)) return keyed.recordUsage({ ...use, ...who });
    const bearer = { token: () => Promise.resolve(who.bearer), renew: () => Promise.resolve(null) };
    return new GatehouseApi({ ...api, bearer }).recordUsage(use);
  };

  return (request, response, next) => {
    const counted = count(request).then((usage) => onUse?.(request, usage));
    counted.then(
      () => next(),
      (error: unknown) => {
        if (!(error instanceof ApiError)) next(error);
        else if (error.code === 'QUOTA_EXHAUSTED') refuse(response, 429, error);
        else if (error.isUnreachable && whenUnreachable === 'serve') next();
        else if (error.isUnreachable) refuse(response, 503, error);
        else if (CUSTOMERS.has(error.status ?? 0)) refuse(response, error.status === 401 ? 401 : 403, error);
        else next(error);
      },
    );
  };
}

function refuse(response: ServerResponse, status: number, refusal: ApiError): void {
  const { code, message, traceId, details } = refusal;
  const after = refusal.retryAfterSeconds ?? (status === 503 ? RETRY_SECONDS : null);
  const { meter, limit, used, remaining, resetsAt } = details ?? {};
  const left = { meter, limit, used, remaining, resets_at: resetsAt };
  const body = {
    error: {
      ...{ code: status === 503 ? 'QUOTAS_UNAVAILABLE' : code, message, trace_id: traceId },
      timestamp: new Date().toISOString(),
      ...(status === 429 && { details: left }),
    },
  };
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (after !== null) response.setHeader('Retry-After', String(after));
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.end(JSON.stringify(body));
}

function customerOf(request: IncomingMessage): Customer | null {
  const licenseKey = headerOf(request, 'x-license-key');
  if (licenseKey !== null) return { licenseKey };
  const bearer = /^Bearer +([^ ]+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1];
  return bearer === undefined ? null : { bearer };
}

/** In the scope that the header has: customer, method and path. */
function keyOf(request: IncomingMessage, who: Customer): string | undefined {
  const key = headerOf(request, 'idempotency-key');
  if (key === null) return undefined;
  const path = (request.url ?? '').split('?', 1)[0];
  return createHash('sha256')
    .update(JSON.stringify([who, request.method, path, key]))
    .digest('hex');
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
