import { HttpException, NotFoundException, UnauthorizedException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { QueryFailedError } from 'typeorm';
import { ManualClock } from '../clock/clock.js';
import { DomainError, notFound, STATUS_OF_KIND, unauthenticated } from '../errors/domain-error.js';
import type { Log } from '../telemetry/logger.js';
import { asDomainError, ErrorEnvelope, validationFailed } from './errors.js';

const refusalOf = (thrown: unknown) => {
  const { status, code } = asDomainError(thrown);
  return [status, code];
};
const coded = (code: string, message = 'something') => Object.assign(new Error(message), { code });

describe('what is thrown, as a refusal', () => {
  it('stays what it is when it is one', () => {
    const refusal = notFound('license');
    expect(asDomainError(refusal)).toBe(refusal);
  });

  it.each([
    ['the framework’s 404', new NotFoundException('Cannot GET /x'), 404, 'NOT_FOUND'],
    ['its 401', new UnauthorizedException('jwt expired'), 401, 'UNAUTHENTICATED'],
    ['a status it has no word for', new HttpException('teapot', 418), 400, 'MALFORMED_REQUEST'],
    ['its 500', new HttpException('inside', 502), 500, 'INTERNAL'],
    ['malformed JSON', coded('FST_ERR_CTP_INVALID_JSON_BODY'), 400, 'MALFORMED_JSON'],
    ['an empty body', coded('FST_ERR_CTP_EMPTY_JSON_BODY'), 400, 'MALFORMED_JSON'],
    ['a large body', coded('FST_ERR_CTP_BODY_TOO_LARGE'), 413, 'BODY_TOO_LARGE'],
    ['another type of body', coded('FST_ERR_CTP_INVALID_MEDIA_TYPE'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'any other 4xx of the server',
      Object.assign(coded('FST_ERR_BAD_URL'), { statusCode: 400 }),
      400,
      'MALFORMED_REQUEST',
    ],
  ])('%s', (_, thrown, status, code) => {
    expect(refusalOf(thrown)).toEqual([status, code]);
  });

  it.each([
    ['refuses the connection', coded('ECONNREFUSED')],
    ['resets it', coded('ECONNRESET')],
    ['stops', coded('57P01', 'terminating connection due to administrator command')],
    ['has crashed', coded('57P02')],
    ['starts', coded('57P03', 'the database system is starting up')],
    ['is full', coded('53300', 'sorry, too many clients already')],
    ['loses the connection', coded('08006')],
    ['is gone in the middle of a statement', new Error('Connection terminated unexpectedly')],
    ['was gone before it', new Error('Client has encountered a connection error and is not queryable')],
    ['gives no connection in time', new Error('timeout exceeded when trying to connect')],
    ['does not answer the connection', new Error('Connection terminated due to connection timeout')],
    [
      'is gone, as TypeORM tells it',
      new QueryFailedError('select 1', [], new Error('Connection terminated unexpectedly')),
    ],
    ['stops, as TypeORM tells it', new QueryFailedError('select 1', [], coded('57P01'))],
  ])('503 when Postgres %s', (_, thrown) => {
    const error = asDomainError(thrown);
    expect([error.status, error.code, error.retryAfterSeconds]).toEqual([503, 'UNAVAILABLE', 1]);
    expect(error.cause).toBe(thrown);
  });

  it.each([
    ['a bug', new TypeError('x is not a function')],
    ['a constraint nobody expected', coded('23505', 'duplicate key value violates unique constraint')],
    ['row security', coded('42501')],
    ['a message that only mentions a connection', new Error('The connection to the truth was lost')],
    ['a text', 'oops'],
    ['nothing', undefined],
    ['null', null],
    ['a code that is a property of everything', coded('constructor')],
  ])('500 that tells nothing of the inside: %s', (_, thrown) => {
    const error = asDomainError(thrown);
    expect([error.status, error.code, error.message]).toEqual([
      500,
      'INTERNAL',
      'Something went wrong on our side.',
    ]);
    expect(error.details).toBeUndefined();
  });

  it('has one status for each kind', () => {
    expect(Object.keys(STATUS_OF_KIND)).toHaveLength(new Set(Object.values(STATUS_OF_KIND)).size);
  });
});

describe('faults of a schema', () => {
  it('name the place of each, in a bounded answer', () => {
    const issues = Array.from({ length: 500 }, (_, i) => ({
      message: 'm'.repeat(1_000),
      path: ['list', i, { key: 'k'.repeat(1_000) }],
    }));
    const { status, code, details } = validationFailed(issues);
    const told = details?.issues as { path: string; message: string }[];
    expect([status, code, told.length]).toEqual([422, 'VALIDATION_FAILED', 20]);
    expect(told[3]?.path).toMatch(/^list\.3\.kkk/);
    expect(Math.max(...told.map((one) => one.path.length + one.message.length))).toBeLessThanOrEqual(500);
  });

  it('of the whole have no path', () => {
    expect(validationFailed([{ message: 'must be an object' }]).details).toEqual({
      issues: [{ path: '', message: 'must be an object' }],
    });
  });
});

describe('the envelope', () => {
  const clock = new ManualClock(new Date('2026-05-01T00:00:00Z'));

  /** What leaves, and what is logged. */
  function answer(thrown: unknown, sent = false) {
    const logged: [string, object, string][] = [];
    const log = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((level) => [
        level,
        (fields: object, message: string) => void logged.push([level, fields, message]),
      ]),
    ) as unknown as Log;
    const left: { status?: number; headers: Record<string, string>; body?: string } = { headers: {} };
    const reply = {
      sent,
      header: (name: string, value: string) => ((left.headers[name] = value), reply),
      headers: (all: Record<string, string>) => (Object.assign(left.headers, all), reply),
      status: (status: number) => ((left.status = status), reply),
      send: (body: string) => ((left.body = body), reply),
    };
    new ErrorEnvelope(log, clock).answer(
      thrown,
      { id: 'trace-1' } as FastifyRequest,
      reply as unknown as FastifyReply,
    );
    return { ...left, body: left.body === undefined ? undefined : (JSON.parse(left.body) as object), logged };
  }

  it('holds code, message, trace id, time and details in snake case, to any depth', () => {
    const details = { earliestExpiry: clock.now(), seatsUsed: [{ deviceName: 'x' }], maxSeats: null };
    const { status, body, headers } = answer(
      new DomainError('conflict', 'SEATS_EXHAUSTED', 'Full.', { details, retryAfterSeconds: 1.2 }),
    );
    expect([status, headers['retry-after'], headers['x-trace-id']]).toEqual([409, '2', 'trace-1']);
    expect(body).toEqual({
      error: {
        code: 'SEATS_EXHAUSTED',
        message: 'Full.',
        trace_id: 'trace-1',
        timestamp: '2026-05-01T00:00:00.000Z',
        details: {
          earliest_expiry: '2026-05-01T00:00:00.000Z',
          seats_used: [{ device_name: 'x' }],
          max_seats: null,
        },
      },
    });
  });

  it('of a failed bearer is the same whatever failed; the log has the cause by type', () => {
    const [expired, forged] = [answer(unauthenticated('expired')), answer(unauthenticated('bad signature'))];
    expect(expired.body).toEqual(forged.body);
    expect(expired.logged).toEqual([
      ['info', { trace_id: 'trace-1', code: 'UNAUTHENTICATED', cause: 'expired' }, 'A request was refused.'],
    ]);
  });

  it('of a failure tells the log everything and the caller nothing', () => {
    const { body, logged } = answer(new Error('password=hunter2'));
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(logged[0]).toEqual([
      'error',
      { trace_id: 'trace-1', error: expect.objectContaining({ message: 'password=hunter2' }) },
      'A request failed.',
    ]);
  });

  it('of a part that is away tells the log which', () => {
    const { logged } = answer(new Error('Connection terminated unexpectedly'));
    expect(logged).toEqual([
      [
        'warn',
        { trace_id: 'trace-1', code: 'UNAVAILABLE', cause: 'Error: Connection terminated unexpectedly' },
        'A request could not be served.',
      ],
    ]);
  });

  it('does not leave twice', () => {
    expect(answer(new Error('late'), true).status).toBeUndefined();
  });
});
