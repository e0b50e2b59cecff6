import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock/clock.js';
import { isConnectionLost } from '../db/connection-lost.js';
import { DomainError } from '../errors/domain-error.js';
import { RateLimited } from '../limits/rate-limited.js';
import type { Log } from '../telemetry/logger.js';
import type { ErrorPages } from './error-pages.js';
import { toSnake } from './names.js';

/** A fault of a request as Standard Schema tells it. */
interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
}

/** More issues than a reader reads; a body of a million wrong elements must not make an answer of a million lines. */
const MAX_ISSUES = 20;

/** 422 with the place of each fault, in the names the caller used. */
export function validationFailed(issues: readonly Issue[]): DomainError {
  return new DomainError('invalid', 'VALIDATION_FAILED', 'The request is not of the form this route takes.', {
    details: {
      issues: issues.slice(0, MAX_ISSUES).map((issue) => ({
        path: (issue.path ?? [])
          .map((part) => String(typeof part === 'object' ? part.key : part))
          .join('.')
          .slice(0, 200),
        message: issue.message.slice(0, 300),
      })),
    },
  });
}

/**
 * Every error leaves through here, as the envelope, and as a page from routes that are pages. What is not a refusal is a 500 that tells nothing of the
 * inside; the log has the rest under the same trace id.
 */
@Catch()
export class ErrorEnvelope implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly clock: Clock,
    private readonly pages: ErrorPages | null = null,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = this.tell(thrown, request);
    if (!reply.sent) void reply.send(this.write(error, request, reply));
  }

  /** Turns an answer that is about to leave into an error, and gives its body. */
  replace(thrown: unknown, request: FastifyRequest, reply: FastifyReply): string {
    return this.write(this.tell(thrown, request), request, reply);
  }

  private tell(thrown: unknown, request: FastifyRequest): DomainError {
    const error = asDomainError(thrown);
    if (error.kind === 'internal') {
      this.log.error({ trace_id: request.id, error: thrown }, 'A request failed.');
    } else if (error.kind === 'unavailable') {
      // Whoever runs this must see which part is away; a stack for each request of an outage would bury it.
      const cause = error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : undefined;
      this.log.warn({ trace_id: request.id, code: error.code, cause }, 'A request could not be served.');
    } else if (error.cause !== undefined) {
      const cause = error.cause instanceof Error ? error.cause.name : String(error.cause);
      this.log.info({ trace_id: request.id, code: error.code, cause }, 'A request was refused.');
    }
    return error;
  }

  private write(error: DomainError, request: FastifyRequest, reply: FastifyReply): string {
    if (error.retryAfterSeconds !== undefined) {
      void reply.header('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
    }
    if (error instanceof RateLimited) void reply.headers({ ...error.headers });
    // What the router refuses has passed no hook that would have set it.
    void reply.header('x-trace-id', request.id);
    void reply.status(error.status);
    if (this.pages && request.routeOptions?.config?.endpoint?.page)
      return this.pages.write(error, request, reply);
    void reply.header('content-type', 'application/json; charset=utf-8');
    return this.envelope(error, request.id);
  }

  /** The body of an error, as JSON text. */
  envelope(error: DomainError, traceId: string): string {
    return JSON.stringify({
      error: {
        code: error.code,
        message: error.message,
        trace_id: traceId,
        timestamp: this.clock.now().toISOString(),
        ...(error.details ? { details: snakeKeys(error.details) } : {}),
      },
    });
  }
}

function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys);
  if (value instanceof Date || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [toSnake(key), snakeKeys(one)]));
}

/** What the framework, the driver and the server refuse, as refusals of ours. */
export function asDomainError(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  if (thrown instanceof HttpException) return ofHttpStatus(thrown.getStatus(), thrown);
  const { statusCode, code } = (thrown ?? {}) as Partial<FastifyError>;
  const refusal = OF_FASTIFY_CODE.get(code ?? '');
  if (refusal) return new DomainError(...refusal);
  if (isConnectionLost(thrown)) {
    return new DomainError('unavailable', 'UNAVAILABLE', 'The service cannot answer now; try again.', {
      retryAfterSeconds: 1,
      cause: thrown,
    });
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return ofHttpStatus(statusCode, thrown);
  return new DomainError('internal', 'INTERNAL', 'Something went wrong on our side.', { cause: thrown });
}

type Refusal = [ConstructorParameters<typeof DomainError>[0], string, string];

const MALFORMED: Refusal = ['malformed', 'MALFORMED_JSON', 'The body is not well-formed JSON.'];
const MEDIA_TYPE: Refusal = [
  'unsupported_media_type',
  'UNSUPPORTED_MEDIA_TYPE',
  'This route takes application/json.',
];
const TOO_LARGE: Refusal = ['too_large', 'BODY_TOO_LARGE', 'The body is larger than this route takes.'];
const LENGTH: Refusal = [
  'malformed',
  'MALFORMED_REQUEST',
  'The body does not have the length that was announced.',
];
const OF_FASTIFY_CODE: ReadonlyMap<string, Refusal> = new Map([
  ['FST_ERR_CTP_INVALID_JSON_BODY', MALFORMED],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', MALFORMED],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', LENGTH],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', MEDIA_TYPE],
  ['FST_ERR_CTP_BODY_TOO_LARGE', TOO_LARGE],
]);

function ofHttpStatus(status: number, cause: unknown): DomainError {
  const of = (...refusal: Refusal) => new DomainError(...refusal, { cause });
  if (status === 400) return of('malformed', 'MALFORMED_REQUEST', 'The request is not well-formed.');
  if (status === 401) return of('unauthenticated', 'UNAUTHENTICATED', 'Authentication is required.');
  if (status === 403) return of('forbidden', 'FORBIDDEN', 'This is not allowed.');
  if (status === 404 || status === 405)
    return of('not_found', 'NOT_FOUND', 'There is nothing at this address.');
  if (status === 413) return of(...TOO_LARGE);
  if (status === 415) return of(...MEDIA_TYPE);
  if (status >= 400 && status < 500)
    return of('malformed', 'MALFORMED_REQUEST', 'The request is not well-formed.');
  return of('internal', 'INTERNAL', 'Something went wrong on our side.');
}
