import { randomUUID } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../clock/clock.js';
import { DomainError } from '../errors/domain-error.js';
import { Log, NestLog } from '../telemetry/logger.js';
import { countRequests } from '../telemetry/metrics.js';
import { clientErrorHandler } from './client-errors.js';
import { ErrorPages } from './error-pages.js';
import { ErrorEnvelope, validationFailed } from './errors.js';
import { parseForms } from './form-bodies.js';
import { takeBytes } from './raw-bodies.js';
import { HttpConfig } from './http.config.js';
import { assertEveryRouteIsDeclared } from './openapi-guard.js';
import { onEnd } from './on-end.js';
import { type Finish, ResponseSignatures, ResponseSigner, signAnswers } from './response-signature.js';
import { wire } from './wire.js';

/** Longest time a connection may take to send its request, in ms; idle clients must not hold sockets. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_PARAM_LENGTH = 200;

/**
 * Builds the API from its root module: envelope, trace ids, wire names, raw bodies, host and origin checks, one
 * log line a request. Nothing listens yet.
 */
export async function createHttpApp(
  module: object,
  log: Log,
  config: HttpConfig,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: config.bodyLimit,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, ignoreTrailingSlash: false },
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    genReqId: traceIdOf,
    onProtoPoisoning: 'error',
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    clientErrorHandler: clientErrorHandler(() => envelope, log),
    // Without it Node itself answers a request without Host, with nothing in the body.
    http: { requireHostHeader: false },
    // What the router refuses passes no hook.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      void reply.send(finish(request, reply, envelope.replace(error, request, reply))),
  });
  let envelope = new ErrorEnvelope(log, { now: () => new Date() });
  let finish: Finish = (_request, _reply, payload) => payload;

  const app = await NestFactory.create<NestFastifyApplication>(module as never, adapter, {
    logger: new NestLog(log),
    bufferLogs: false,
    abortOnError: false,
    bodyParser: false,
  });
  const clock = app.get(Clock);
  envelope = new ErrorEnvelope(log, clock, provided(app, ErrorPages));
  const signatures = new ResponseSignatures(provided(app, ResponseSigner), config.baseUrl, clock);

  const server = adapter.getInstance() as unknown as FastifyInstance;
  takeBytes(server);
  parseJson(server);
  parseForms(server);
  guardHosts(server, config);
  finish = signAnswers(server, signatures, (error, request, reply) =>
    envelope.replace(error, request, reply),
  );
  translateAnswers(server);
  logRequests(server, log);
  countRequests(server);
  assertEveryRouteIsDeclared(app);

  app.useGlobalFilters(envelope);
  app.useGlobalPipes(new WholeValuePipe({ exceptionFactory: validationFailed }));
  app.enableCors(corsOf(config));
  return app;
}

/**
 * Nest's own drops `constructor` and `prototype` from what comes in, so that an unknown field would pass unseen.
 * Nothing is lost: the parser refuses `__proto__`, and Wire refuses every name that the schema does not have.
 */
class WholeValuePipe extends StandardSchemaValidationPipe {
  protected override stripProtoKeys(): void {}
}

/** Who signs answers or makes pages of errors, where anybody does. */
function provided<T>(app: NestFastifyApplication, role: abstract new () => T): T | null {
  try {
    return app.get<T>(role as never, { strict: false });
  } catch {
    return null;
  }
}

/** The W3C trace id that came in `traceparent`, if it is one, else a random UUID in hexadecimal: Node keeps those ready. */
function traceIdOf(request: { headers: Record<string, string | string[] | undefined> }): string {
  const parent = request.headers.traceparent;
  const given =
    typeof parent === 'string' ? /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(parent)?.[1] : undefined;
  return given && !/^0+$/.test(given) ? given : randomUUID().replaceAll('-', '');
}

function parseJson(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const parse = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    request.rawBody = bytes;
    // Clients name the type of what they do not send; a route that wants something says so.
    if (bytes.length === 0 || request.routeOptions.config.endpoint?.raw) {
      done(null, undefined);
      return;
    }
    if (!isUtf8(bytes)) {
      done(new DomainError('malformed', 'MALFORMED_JSON', 'The body is not UTF-8.'));
      return;
    }
    void parse(request, bytes.toString('utf8'), (error, value) => {
      if (error) done(new DomainError('malformed', 'MALFORMED_JSON', 'The body is not well-formed JSON.'));
      else done(null, value);
    });
  });
}

/** A Host that is not ours is how cached links and password mails get poisoned. */
function guardHosts(server: FastifyInstance, config: HttpConfig): void {
  const allowed = new Set([new URL(config.baseUrl).hostname, ...config.allowedHosts]);
  const any = allowed.has('*');
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-trace-id', request.id);
    void reply.header('x-content-type-options', 'nosniff');
    void reply.header('cache-control', 'no-store');
    // Probes and scrapers come by address; what they read holds no link and nothing of a tenant.
    const open = request.routeOptions.config.endpoint?.budget === 'open';
    if (any || open || allowed.has(request.hostname)) done();
    else
      done(new DomainError('malformed', 'HOST_NOT_ALLOWED', 'This API does not answer to that host name.'));
  });
}

type Cors = NonNullable<Parameters<NestFastifyApplication['enableCors']>[0]>;

/** Cookies are for the origins that are named: with a wildcard any page would act as whoever visits it. */
function corsOf({ baseUrl, allowedOrigins }: HttpConfig): Cors {
  const named = [new URL(baseUrl).origin, ...allowedOrigins.filter((origin) => origin !== '*')];
  const shared: Cors = {
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'X-Trace-Id',
      'Retry-After',
      'RateLimit',
      'RateLimit-Policy',
      'Idempotent-Replayed',
      'Content-Digest',
      'Signature-Input',
      'Signature',
    ],
    maxAge: 600,
    // An OPTIONS that is no preflight gets the same empty answer instead of a plain-text refusal.
    strictPreflight: false,
  };
  const ours: Cors = { ...shared, origin: named, credentials: true };
  if (!allowedOrigins.includes('*')) return ours;
  const anybodys: Cors = { ...shared, origin: '*' };
  const isNamed = new Set(named);
  return {
    delegator: (request, callback) =>
      callback(null, isNamed.has(request.headers.origin ?? '') ? ours : anybodys),
  };
}

/** Answers leave as their schema says, in snake_case. */
function translateAnswers(server: FastifyInstance): void {
  server.addHook('preSerialization', (request, reply, payload, done) => {
    const endpoint = request.routeOptions.config.endpoint;
    const output = endpoint?.answers?.[reply.statusCode]?.output ?? endpoint?.output;
    done(null, output ? wire(output).encode(payload) : payload);
  });
}

/** One line a request, written when the answer has left or the client has. */
function logRequests(server: FastifyInstance, log: Log): void {
  onEnd(server, (request, reply, status) => {
    const actor = request.actor;
    log.info(
      {
        trace_id: request.id,
        method: request.method,
        route: request.routeOptions.url ?? null,
        status,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
        tenant_id: actor?.tenantId ?? null,
        actor_id: actor?.id ?? null,
      },
      'request',
    );
  });
}
