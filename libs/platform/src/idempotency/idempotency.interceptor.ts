import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  Optional,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, of } from 'rxjs';
import { DomainError } from '../errors/domain-error.js';
import { actorOf } from '../http/request.js';
import { fingerprint } from './fingerprint.js';
import { type Claim, IdempotencyKeys, type KeptAnswer } from './idempotency-keys.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while this call holds an Idempotency-Key. */
    idempotencyClaim?: Claim;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const IN_FLIGHT_RETRY_SECONDS = 1;

/**
 * Gives Idempotency-Key its meaning on creating POSTs: the first call runs, its repetitions get its answer. Bound
 * by `@Endpoint({ idempotent })`, behind the guards: what those refuse (401, 403, 429) is not kept, what the route
 * refuses (4xx) is.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  /** Without IdempotencyModule routes can still be served and described, but not called with a key. */
  constructor(@Optional() private readonly keys?: IdempotencyKeys) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const given = request.headers['idempotency-key'];
    if (given === undefined) return next.handle();
    if (!this.keys) throw new Error('IdempotencyModule is not imported.');

    const { body, params, query } = request;
    const isSecret = request.routeOptions.config.endpoint?.idempotent === 'secret';
    const claimed = await this.keys.claim(
      scopeOf(request, keyOf(given)),
      fingerprint({ body, params, query }),
      isSecret,
    );
    switch (claimed.outcome) {
      case 'claimed':
        request.idempotencyClaim = claimed.claim;
        return next.handle();
      case 'answered':
        return of(replay(http.getResponse<FastifyReply>(), claimed.answer));
      default:
        throw REFUSALS[claimed.outcome]();
    }
  }
}

function keyOf(given: string | string[]): string {
  const key = String(given).toLowerCase();
  if (UUID.test(key)) return key;
  throw new DomainError('malformed', 'IDEMPOTENCY_KEY_INVALID', 'Idempotency-Key must be a UUID.');
}

/** One caller's key means nothing to another caller, nor on another route. Callers without a name go by address. */
function scopeOf(request: FastifyRequest, key: string): string {
  const { tenantId, id } = actorOf(request);
  const route = `${request.method} ${request.routeOptions.url}`;
  return `idempotency:${tenantId ?? '-'}:${id ?? request.ip}:${route}:${key}`;
}

/** The text as it was sent first; strings are not serialized again. */
function replay(reply: FastifyReply, answer: KeptAnswer): string {
  void reply.status(answer.status).headers({ ...answer.headers, 'idempotent-replayed': 'true' });
  return answer.body;
}

const REFUSALS = {
  in_flight: () =>
    new DomainError(
      'conflict',
      'IDEMPOTENCY_IN_FLIGHT',
      'A call with this Idempotency-Key is still running; try again.',
      {
        retryAfterSeconds: IN_FLIGHT_RETRY_SECONDS,
      },
    ),
  reused: () =>
    new DomainError(
      'invalid',
      'IDEMPOTENCY_KEY_REUSED',
      'This Idempotency-Key was used for another request; take a new one.',
    ),
  not_kept: () =>
    new DomainError(
      'conflict',
      'IDEMPOTENCY_ANSWER_NOT_KEPT',
      'The call with this Idempotency-Key was answered, and its answer cannot be given again.',
    ),
  unavailable: () =>
    new DomainError('unavailable', 'UNAVAILABLE', 'The service cannot answer now; try again.', {
      retryAfterSeconds: 1,
    }),
};
