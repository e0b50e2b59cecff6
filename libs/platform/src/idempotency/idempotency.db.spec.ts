import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Injectable,
  Module,
  Param,
  Post,
  Res,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { register } from 'prom-client';
import { z } from 'zod';
import { eventually } from '../../../../test/support/eventually.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { Actor } from '../actor/actor.js';
import { Clock, SystemClock } from '../clock/clock.js';
import { loadConfig } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { RuntimeConfig } from '../config/runtime.config.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { SecretsConfig } from '../crypto/secrets.config.js';
import { DomainError } from '../errors/domain-error.js';
import { createHttpApp } from '../http/create-http-app.js';
import { Endpoint } from '../http/endpoint.js';
import type { HttpConfig } from '../http/http.config.js';
import { wire } from '../http/wire.js';
import { RedisConfig } from '../redis/redis.config.js';
import { RedisModule } from '../redis/redis.module.js';
import { Log } from '../telemetry/logger.js';
import { IdempotencyConfig } from './idempotency.config.js';
import { IdempotencyModule } from './idempotency.module.js';

/** How often the routes ran, and a gate that holds them until it is opened. */
class Works extends EventEmitter {
  runs = 0;
  isHeld = false;

  async run(): Promise<number> {
    const mine = ++this.runs;
    this.emit('started');
    if (this.isHeld) await once(this, `open ${mine}`);
    return mine;
  }

  /** Lets the n-th run go on. */
  open(n: number): void {
    this.emit(`open ${n}`);
  }
}

const Thing = z.strictObject({
  thingName: z.string().max(2_000),
  fails: z.enum(['conflict', 'too_many', 'internal']).optional(),
});
const Made = z.object({ id: z.string(), thingName: z.string(), run: z.int() });
type Thing = z.output<typeof Thing>;

@Controller('/api/v1/things')
class ThingsController {
  constructor(private readonly works: Works) {}

  @Post()
  @Endpoint({ summary: 'Make', access: 'bearer', status: 201, output: Made, idempotent: 'plain' })
  async create(@Body({ schema: wire(Thing) }) input: Thing, @Res({ passthrough: true }) reply: FastifyReply) {
    const run = await this.works.run();
    if (input.fails === 'internal') throw new Error('The inside.');
    if (input.fails) throw new DomainError(input.fails, 'THING_REFUSED', `Refused, run ${run}.`);
    void reply.headers({ location: `/api/v1/things/${run}`, 'x-other': 'not kept' });
    return { id: `thing_${run}`, thingName: input.thingName, run };
  }

  @Post(':name')
  @Endpoint({ summary: 'Make there', access: 'bearer', status: 201, output: Made, idempotent: 'plain' })
  async createAt(
    @Param('name', { schema: wire(z.string()) }) name: string,
    @Body({ schema: wire(Thing) }) _: Thing,
  ) {
    return { id: 'thing', thingName: name, run: await this.works.run() };
  }
}

@Controller('/api/v1')
class OtherController {
  constructor(private readonly works: Works) {}

  @Post('secrets')
  @Endpoint({ summary: 'Make a secret', access: 'bearer', status: 201, output: Made, idempotent: 'secret' })
  async secret(@Body({ schema: wire(Thing) }) { thingName }: Thing) {
    return { id: 'the-secret-value', thingName, run: await this.works.run() };
  }

  @Post('nothings')
  @Endpoint({ summary: 'Make nothing', access: 'bearer', status: 204, idempotent: 'plain' })
  async nothing(): Promise<void> {
    await this.works.run();
  }

  @Post('logins')
  @Endpoint({ summary: 'Takes no key', access: 'public', output: Made })
  async login(@Body({ schema: wire(Thing) }) { thingName }: Thing) {
    return { id: 'login', thingName, run: await this.works.run() };
  }
}

/** Stands where authentication stands: `x-caller: tenant/user`; nobody is refused. */
@Injectable()
class CallerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const caller = request.headers['x-caller'] ?? 'ten_1/usr_1';
    if (caller === 'nobody')
      throw new DomainError('unauthenticated', 'UNAUTHENTICATED', 'Authentication is required.');
    if (caller === 'anonymous') return true;
    const [tenantId, id] = String(caller).split('/') as [string, string];
    request.actor = new Actor({
      type: 'user',
      id,
      tenantId,
      origin: { traceId: request.id, address: request.ip },
    });
    return true;
  }
}

const HTTP = {
  baseUrl: 'http://localhost',
  allowedHosts: ['127.0.0.1'],
  allowedOrigins: [],
  trustedProxies: ['127.0.0.1'],
  bodyLimit: 262_144,
} as unknown as HttpConfig;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const SECRETS_KEY = randomBytes(32).toString('base64');

describe('Idempotency-Key', () => {
  let redis: TestRedis;
  let store: Redis;
  let works: Works;
  const apps: NestFastifyApplication[] = [];

  beforeAll(async () => {
    redis = await testRedis();
  });

  beforeEach(async () => {
    works = new Works();
    store = new Redis(redis.url);
    store.on('error', () => undefined);
    await store.flushall();
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    store.disconnect();
  });

  afterAll(() => redis.drop());

  /** Listens; gives its origin. */
  async function serve(variables: Record<string, string> = {}): Promise<string> {
    const all = new Map(Object.entries({ ENV: 'test', REDIS_URL: redis.url, SECRETS_KEY, ...variables }));
    const environment = { get: (name: string) => all.get(name), names: () => all.keys() };
    class Ground {}
    Module({
      providers: [
        { provide: Clock, useValue: new SystemClock() },
        { provide: Log, useValue: SILENT },
        { provide: Works, useValue: works },
      ],
      exports: [Clock, Log, Works],
    })(Ground);
    class App {}
    Module({
      imports: [
        { module: Ground, global: true },
        ConfigModule.forRoot(
          loadConfig([RuntimeConfig, RedisConfig, SecretsConfig, IdempotencyConfig], environment),
        ),
        RedisModule,
        CryptoModule,
        IdempotencyModule,
      ],
      controllers: [ThingsController, OtherController],
      providers: [{ provide: APP_GUARD, useClass: CallerGuard }],
    })(App);
    const app = await createHttpApp(App, SILENT, HTTP);
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  }

  interface Call {
    key?: string;
    path?: string;
    body?: unknown;
    caller?: string;
    signal?: AbortSignal;
    headers?: Record<string, string>;
  }

  function post(
    url: string,
    { key, path = '/things', body = { thing_name: 'a' }, caller, signal, headers }: Call = {},
  ) {
    return fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(caller === undefined ? {} : { 'x-caller': caller }),
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal,
    });
  }

  const codeOf = async (answer: Response) =>
    ((await answer.json()) as { error: { code: string } }).error.code;

  const keysInRedis = () => store.keys('idempotency:*');

  async function counted(outcome: string): Promise<number> {
    const { values } = (await register.getSingleMetric('idempotency_requests_total')?.get()) ?? {
      values: [],
    };
    return values.find((one) => one.labels.outcome === outcome)?.value ?? 0;
  }

  describe('repeated', () => {
    it('gets the first answer: status, chosen headers and the very text, without running again', async () => {
      const url = await serve();
      const key = randomUUID();
      const before = { hit: await counted('hit'), miss: await counted('miss') };

      const first = await post(url, { key });
      const again = await post(url, { key });
      expect([first.status, again.status]).toEqual([201, 201]);
      const text = await first.text();
      expect(JSON.parse(text)).toEqual({ id: 'thing_1', thing_name: 'a', run: 1 });
      expect(await again.text()).toBe(text);
      expect(again.headers.get('location')).toBe('/api/v1/things/1');
      expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(again.headers.has('x-other')).toBe(false);
      expect(first.headers.has('idempotent-replayed')).toBe(false);
      expect(works.runs).toBe(1);
      expect({ hit: await counted('hit'), miss: await counted('miss') }).toEqual({
        hit: before.hit + 1,
        miss: before.miss + 1,
      });
    });

    it('is the same in upper case, with other white space and another order of keys', async () => {
      const url = await serve();
      const key = randomUUID();
      await post(url, { key, body: '{"thing_name":"a","fails":"conflict"}' });
      const again = await post(url, {
        key: key.toUpperCase(),
        body: '{ "fails": "conflict", "thing_name": "a" }',
      });
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(works.runs).toBe(1);
    });

    it('gets a refusal again, with its trace id', async () => {
      const url = await serve();
      const key = randomUUID();
      const body = { thing_name: 'a', fails: 'conflict' };
      const first = await post(url, { key, body });
      const again = await post(url, { key, body });
      const text = await first.text();
      expect(first.status).toBe(409);
      expect(JSON.parse(text).error).toMatchObject({
        code: 'THING_REFUSED',
        trace_id: first.headers.get('x-trace-id'),
      });
      expect([again.status, await again.text()]).toEqual([409, text]);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(works.runs).toBe(1);
    });

    it('gets what the schema refused again', async () => {
      const url = await serve();
      const key = randomUUID();
      const [first, again] = [
        await post(url, { key, body: { unknown: 1 } }),
        await post(url, { key, body: { unknown: 1 } }),
      ];
      expect([first.status, again.status]).toEqual([422, 422]);
      expect(await again.text()).toBe(await first.text());
    });

    it('gets an answer without a body again', async () => {
      const url = await serve();
      const key = randomUUID();
      const answers = [
        await post(url, { key, path: '/nothings' }),
        await post(url, { key, path: '/nothings' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([204, 204]);
      expect(answers[1]!.headers.get('idempotent-replayed')).toBe('true');
      expect(works.runs).toBe(1);
    });

    it('gets the answer that nobody was there to hear', async () => {
      const url = await serve();
      const key = randomUUID();
      works.isHeld = true;
      const gone = new AbortController();
      const started = once(works, 'started');
      const first = post(url, { key, signal: gone.signal });
      await started;
      gone.abort();
      await expect(first).rejects.toThrow();
      works.open(1);

      const again = await eventually(async () => {
        const answer = await post(url, { key });
        return answer.status === 201 && answer;
      });
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(works.runs).toBe(1);
    });
  });

  it('runs once for fifty equal calls at once, at two processes', async () => {
    const urls = [await serve(), await serve()];
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => post(urls[i % 2]!, { key })));
    const statuses = answers.map(({ status }) => status);
    expect(works.runs).toBe(1);
    expect(statuses.filter((status) => status !== 409).length).toBeGreaterThan(0);
    for (const answer of answers) {
      if (answer.status === 409) expect(await codeOf(answer)).toBe('IDEMPOTENCY_IN_FLIGHT');
      else expect(await answer.json()).toMatchObject({ run: 1 });
    }
    expect(
      answers.filter((one) => one.status === 201 && !one.headers.has('idempotent-replayed')),
    ).toHaveLength(1);
  });

  it('is told 409 and when to come back while the first call runs, and 422 with another body', async () => {
    const url = await serve();
    const key = randomUUID();
    works.isHeld = true;
    const started = once(works, 'started');
    const first = post(url, { key });
    await started;
    const before = { inFlight: await counted('in_flight'), reused: await counted('reused') };

    const second = await post(url, { key });
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1']);
    expect(await codeOf(second)).toBe('IDEMPOTENCY_IN_FLIGHT');
    const other = await post(url, { key, body: { thing_name: 'b' } });
    expect([other.status, await codeOf(other)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);

    works.open(1);
    expect((await first).status).toBe(201);
    expect((await post(url, { key })).status).toBe(201);
    expect(works.runs).toBe(1);
    expect({ inFlight: await counted('in_flight'), reused: await counted('reused') }).toEqual({
      inFlight: before.inFlight + 1,
      reused: before.reused + 1,
    });
  });

  it('is refused for another body and another place', async () => {
    const url = await serve();
    const key = randomUUID();
    await post(url, { key, path: '/things/x' });
    for (const call of [{ path: '/things/x', body: { thing_name: 'b' } }, { path: '/things/y' }]) {
      const answer = await post(url, { key, ...call });
      expect([answer.status, await codeOf(answer)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    }
    expect(works.runs).toBe(1);
  });

  it('belongs to a tenant, a caller and a route', async () => {
    const url = await serve();
    const key = randomUUID();
    const calls: Call[] = [
      { caller: 'ten_1/usr_1' },
      { caller: 'ten_1/usr_2' },
      { caller: 'ten_2/usr_1' },
      { caller: 'ten_1/usr_1', path: '/things/x' },
      { caller: 'ten_1/usr_1', path: '/secrets' },
      { caller: 'anonymous', headers: { 'x-forwarded-for': '203.0.113.1' } },
      { caller: 'anonymous', headers: { 'x-forwarded-for': '203.0.113.2' } },
    ];
    for (const call of calls) {
      const answer = await post(url, { key, ...call });
      expect([answer.status, answer.headers.has('idempotent-replayed')]).toEqual([201, false]);
    }
    expect(works.runs).toBe(calls.length);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'abc'],
    ['a short one', '12345678-1234-1234-1234-1234567890'],
    ['one in quotes', `"${randomUUID()}"`],
    ['two of them', `${randomUUID()}, ${randomUUID()}`],
    ['a long text', 'x'.repeat(5_000)],
  ])('must be a UUID: %s is refused', async (_, key) => {
    const answer = await post(await serve(), { key });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'IDEMPOTENCY_KEY_INVALID']);
    expect(works.runs).toBe(0);
  });

  it('is optional, and means nothing where it is not taken', async () => {
    const url = await serve();
    const key = randomUUID();
    expect([(await post(url)).status, (await post(url)).status]).toEqual([201, 201]);
    await post(url, { key, path: '/logins' });
    await post(url, { key: 'not a UUID', path: '/logins' });
    expect(works.runs).toBe(4);
    expect(await keysInRedis()).toEqual([]);
  });

  it.each(['too_many', 'internal'])('may be used again after %s', async (fails) => {
    const url = await serve();
    const key = randomUUID();
    const body = { thing_name: 'a', fails };
    const [first, again] = [await post(url, { key, body }), await post(url, { key, body })];
    expect(first.status).toBe(fails === 'internal' ? 500 : 429);
    expect([again.status, again.headers.has('idempotent-replayed')]).toEqual([first.status, false]);
    expect(works.runs).toBe(2);
    expect(await keysInRedis()).toEqual([]);
  });

  it('is not spent by what is refused before the route', async () => {
    const url = await serve();
    const key = randomUUID();
    expect((await post(url, { key, caller: 'nobody' })).status).toBe(401);
    expect((await post(url, { key, body: '{' })).status).toBe(400);
    expect((await post(url, { key })).status).toBe(201);
  });

  it('takes bodies of any depth without failing', async () => {
    const url = await serve();
    const body = `{"thing_name":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect((await post(url, { key: randomUUID(), body })).status).toBe(422);
  });

  it('is kept for as long as is set, and then forgotten', async () => {
    const url = await serve({ IDEMPOTENCY_TTL_SECONDS: '2', IDEMPOTENCY_LEASE_SECONDS: '1' });
    const key = randomUUID();
    await post(url, { key });
    expect(await keysInRedis()).toHaveLength(1);
    await eventually(async () => (await keysInRedis()).length === 0);
    expect(await (await post(url, { key })).json()).toMatchObject({ run: 2 });
  });

  it('is kept for 24 hours unless set', async () => {
    const url = await serve();
    await post(url, { key: randomUUID() });
    const [name] = await keysInRedis();
    const seconds = (await store.pttl(name!)) / 1_000;
    expect(seconds).toBeGreaterThan(86_400 - 60);
    expect(seconds).toBeLessThanOrEqual(86_400);
  });

  it('holds no secret in the clear, and replays it', async () => {
    const url = await serve();
    const key = randomUUID();
    const first = await post(url, { key, path: '/secrets' });
    const text = await first.text();
    expect(text).toContain('the-secret-value');

    const [name] = await keysInRedis();
    expect(JSON.stringify(await store.hgetall(name!))).not.toContain('the-secret-value');
    expect(await (await post(url, { key, path: '/secrets' })).text()).toBe(text);
    expect(works.runs).toBe(1);
  });

  it('does not run again when its secret answer can no longer be opened, nor when it was moved to another key', async () => {
    const url = await serve();
    const [key, other] = [randomUUID(), randomUUID()];
    await post(url, { key, path: '/secrets' });
    const [name] = await keysInRedis();
    await store.copy(name!, name!.replace(key, other));
    const moved = await post(url, { key: other, path: '/secrets' });
    expect([moved.status, await codeOf(moved)]).toEqual([409, 'IDEMPOTENCY_ANSWER_NOT_KEPT']);

    const rotated = await serve({ SECRETS_KEY: randomBytes(32).toString('base64') });
    const again = await post(rotated, { key, path: '/secrets' });
    expect([again.status, await codeOf(again)]).toEqual([409, 'IDEMPOTENCY_ANSWER_NOT_KEPT']);
    expect(works.runs).toBe(1);
  });

  it('does not run again when its answer was too large to keep', async () => {
    const url = await serve({ IDEMPOTENCY_MAX_BYTES: '1024' });
    const named = (characters: number): Call => ({
      key: randomUUID(),
      body: { thing_name: 'é'.repeat(characters) },
    });
    const [small, large] = [named(400), named(600)];
    for (const call of [small, large]) expect((await post(url, call)).status).toBe(201);

    expect((await post(url, small)).headers.get('idempotent-replayed')).toBe('true');
    const again = await post(url, large);
    expect([again.status, await codeOf(again)]).toEqual([409, 'IDEMPOTENCY_ANSWER_NOT_KEPT']);
    expect(works.runs).toBe(2);
  });

  it('of a process that was killed is free when its lease has run out', async () => {
    const url = await serve();
    const key = randomUUID();
    works.isHeld = true;
    const started = once(works, 'started');
    const call = post(url, { key });
    await started;
    const [name] = await keysInRedis();
    expect(await store.pttl(name!)).toBeLessThanOrEqual(30_000);
    const claim = await store.hgetall(name!);
    works.open(1);
    await call;
    works.isHeld = false;
    // As its process would have left it: nobody renews it.
    await store.multi().del(name!).hset(name!, claim).pexpire(name!, 30_000).exec();

    expect((await post(url, { key })).status).toBe(409);
    await store.pexpire(name!, 1);
    await eventually(async () => (await keysInRedis()).length === 0);
    expect(await (await post(url, { key })).json()).toMatchObject({ run: 2 });
  });

  describe('while Redis is away', () => {
    afterEach(() => redis.start());

    it('is refused with 503 and Retry-After, and calls without one are served', async () => {
      const url = await serve();
      const before = await counted('unavailable');
      await redis.kill();
      const answer = await post(url, { key: randomUUID() });
      expect([answer.status, answer.headers.get('retry-after'), await codeOf(answer)]).toEqual([
        503,
        '1',
        'UNAVAILABLE',
      ]);
      expect((await post(url)).status).toBe(201);
      expect(works.runs).toBe(1);
      expect(await counted('unavailable')).toBe(before + 1);

      await redis.start();
      const served = await eventually(async () => {
        const one = await post(url, { key: randomUUID() });
        return one.status === 201 && one;
      });
      expect(served.headers.has('idempotent-replayed')).toBe(false);
    });

    it('does not cost a call its answer when Redis went away meanwhile', async () => {
      const url = await serve();
      works.isHeld = true;
      const started = once(works, 'started');
      const call = post(url, { key: randomUUID() });
      await started;
      await redis.kill();
      works.open(1);
      expect((await call).status).toBe(201);
    });

    it('is free again after a refusal that Redis heard of too late', async () => {
      const url = await serve();
      const key = randomUUID();
      // Longer than a command waits for its answer.
      await store.call('CLIENT', 'PAUSE', '2500', 'ALL');
      expect((await post(url, { key })).status).toBe(503);
      expect(await keysInRedis()).toEqual([]);
      expect((await post(url, { key })).status).toBe(201);
    });
  });

  describe('of a slow call', () => {
    it('is renewed while it runs', async () => {
      const url = await serve({ IDEMPOTENCY_LEASE_SECONDS: '3' });
      const key = randomUUID();
      works.isHeld = true;
      const started = once(works, 'started');
      const first = post(url, { key });
      await started;
      const [name] = await keysInRedis();

      await store.pexpire(name!, 1_500);
      await eventually(async () => (await store.pttl(name!)) > 1_500);
      // Even a flush does not let a second one in.
      await store.flushall();
      await eventually(async () => (await keysInRedis()).length === 1);
      expect((await post(url, { key })).status).toBe(409);
      works.open(1);
      expect((await first).status).toBe(201);
      expect((await post(url, { key })).headers.get('idempotent-replayed')).toBe('true');
      expect(works.runs).toBe(1);
    });

    it.each([
      ['answer', undefined],
      ['failure', 'internal'],
    ])('whose lease ran out, the %s leaves the key to the second call', async (_, fails) => {
      const url = await serve();
      const key = randomUUID();
      const body = { thing_name: 'a', ...(fails ? { fails } : {}) };
      works.isHeld = true;

      let started = once(works, 'started');
      const slow = post(url, { key, body });
      await started;
      const [name] = await keysInRedis();
      await store.del(name!);

      started = once(works, 'started');
      const second = post(url, { key, body });
      await started;
      works.open(1);
      expect((await slow).status).toBe(fails ? 500 : 201);

      // The second still holds it.
      expect((await post(url, { key, body })).status).toBe(409);
      works.open(2);
      expect((await second).status).toBe(fails ? 500 : 201);
      if (!fails) expect(await (await post(url, { key, body })).json()).toMatchObject({ run: 2 });
    });

    it('whose lease ran out keeps its answer when nobody took the key', async () => {
      const url = await serve();
      const key = randomUUID();
      works.isHeld = true;
      const started = once(works, 'started');
      const slow = post(url, { key });
      await started;
      await store.flushall();
      works.open(1);
      await slow;
      expect(await (await post(url, { key })).json()).toMatchObject({ run: 1 });
    });
  });
});
