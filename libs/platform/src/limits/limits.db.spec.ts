import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Post,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { register } from 'prom-client';
import { eventually } from '../../../../test/support/eventually.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { Actor } from '../actor/actor.js';
import { Clock, SystemClock } from '../clock/clock.js';
import { loadConfig } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { RuntimeConfig } from '../config/runtime.config.js';
import { createHttpApp } from '../http/create-http-app.js';
import { Endpoint } from '../http/endpoint.js';
import type { HttpConfig } from '../http/http.config.js';
import { RedisConfig } from '../redis/redis.config.js';
import { RedisModule } from '../redis/redis.module.js';
import { Log } from '../telemetry/logger.js';
import { AddressLimitGuard } from './address-limit.guard.js';
import { GuessLimit } from './guess-limit.js';
import { LimitsConfig } from './limits.config.js';
import { LimitsModule } from './limits.module.js';
import { UserLimitGuard } from './user-limit.guard.js';

/** Stands where authentication stands: the caller is who the header says. */
@Injectable()
class CallerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const id = request.headers['x-caller'];
    if (typeof id === 'string') {
      const type = id.startsWith('svc_') ? 'service' : 'user';
      request.actor = new Actor({
        type,
        id,
        tenantId: 'ten_1',
        origin: { traceId: request.id, address: request.ip },
      });
    }
    return true;
  }
}

@Controller('/things')
class ThingsController {
  @Get()
  @Endpoint({ summary: 'General', access: 'bearer' })
  list() {
    return { things: [] };
  }

  @Post('beat')
  @Endpoint({ summary: 'Of another budget', access: 'public', budget: 'seats' })
  beat() {
    return { held: true };
  }
}

class Lines extends Log {
  readonly warnings: string[] = [];
  debug(): void {}
  info(): void {}
  error(): void {}
  warn(_: object, message: string): void {
    this.warnings.push(message);
  }
}

const HTTP = {
  baseUrl: 'http://localhost',
  allowedHosts: ['127.0.0.1'],
  allowedOrigins: [],
  trustedProxies: ['127.0.0.1'],
  bodyLimit: 4_096,
} as unknown as HttpConfig;

describe('rate limits', () => {
  let redis: TestRedis;
  let log: Lines;
  const apps: NestFastifyApplication[] = [];

  beforeAll(async () => {
    redis = await testRedis();
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await redis.start();
  });

  afterAll(() => redis.drop());

  /** Listens; gives its origin. */
  async function serve(
    variables: Record<string, string>,
  ): Promise<{ app: NestFastifyApplication; url: string }> {
    log = new Lines();
    const all = new Map(Object.entries({ ENV: 'test', REDIS_URL: redis.url, ...variables }));
    const environment = { get: (name: string) => all.get(name), names: () => all.keys() };
    class Ground {}
    Module({
      providers: [
        { provide: Clock, useValue: new SystemClock() },
        { provide: Log, useValue: log },
      ],
      exports: [Clock, Log],
    })(Ground);
    class App {}
    Module({
      imports: [
        { module: Ground, global: true },
        ConfigModule.forRoot(loadConfig([RuntimeConfig, RedisConfig, LimitsConfig], environment)),
        RedisModule,
        LimitsModule,
      ],
      controllers: [ThingsController],
      providers: [AddressLimitGuard, CallerGuard, UserLimitGuard].map((useClass) => ({
        provide: APP_GUARD,
        useClass,
      })),
    })(App);
    const app = await createHttpApp(App, log, HTTP);
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return { app, url: await app.getUrl() };
  }

  const call = (url: string, headers: Record<string, string> = {}) => fetch(`${url}/things`, { headers });

  async function statuses(times: number, url: string, headers?: Record<string, string>): Promise<number[]> {
    const answers: number[] = [];
    for (let i = 0; i < times; i++) answers.push((await call(url, headers)).status);
    return answers;
  }

  const retryAfter = (answer: Response) => Number(answer.headers.get('retry-after'));

  async function metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const { values } = (await register.getSingleMetric(name)?.get()) ?? { values: [] };
    const matching = values.find((one) =>
      Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    );
    return matching?.value ?? 0;
  }

  it('tells on every counted answer what is left, the narrower budget first', async () => {
    const { url } = await serve({ LIMIT_USER: '5', LIMIT_ADDRESS: '7' });

    const anonymous = await call(url);
    expect(anonymous.headers.get('ratelimit-policy')).toBe('"address";q=7;w=60');
    expect(anonymous.headers.get('ratelimit')).toMatch(/^"address";r=6;t=\d+$/);

    const known = await call(url, { 'x-caller': 'usr_a' });
    expect(known.headers.get('ratelimit-policy')).toBe('"user";q=5;w=60, "address";q=7;w=60');
    expect(known.headers.get('ratelimit')).toMatch(/^"user";r=4;t=\d+, "address";r=5;t=\d+$/);
  });

  it('refuses with the envelope, Retry-After and the RateLimit headers', async () => {
    const { url } = await serve({ LIMIT_USER: '2' });
    const before = await metric('rate_limited_total', { budget: 'general', scope: 'user' });
    expect(await statuses(2, url, { 'x-caller': 'usr_a' })).toEqual([200, 200]);

    const refused = await call(url, { 'x-caller': 'usr_a' });
    const seconds = retryAfter(refused);
    expect(refused.status).toBe(429);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit-policy')).toBe('"user";q=2;w=60');
    expect(refused.headers.get('ratelimit')).toBe(`"user";r=0;t=${seconds}`);
    expect(await refused.json()).toEqual({
      error: {
        code: 'RATE_LIMITED',
        message: `Too many calls; try again in ${seconds} s.`,
        trace_id: refused.headers.get('x-trace-id'),
        timestamp: expect.any(String),
        details: { limit: 2, window_seconds: 60, retry_after_seconds: seconds },
      },
    });
    expect(await metric('rate_limited_total', { budget: 'general', scope: 'user' })).toBe(before + 1);
  });

  it('counts users and service accounts by their id, whatever address they call from', async () => {
    const { url } = await serve({ LIMIT_USER: '2' });
    const as = (caller: string, address: string) => ({ 'x-caller': caller, 'x-forwarded-for': address });

    expect(await statuses(2, url, as('usr_a', '203.0.113.1'))).toEqual([200, 200]);
    expect(await statuses(1, url, as('usr_a', '203.0.113.2'))).toEqual([429]);
    expect(await statuses(1, url, as('usr_b', '203.0.113.1'))).toEqual([200]);
    expect(await statuses(3, url, as('svc_a', '203.0.113.1'))).toEqual([200, 200, 429]);
  });

  it('counts an address, and an IPv6 network of 64 bits as one', async () => {
    const { url } = await serve({ LIMIT_ADDRESS: '2' });
    const from = (address: string) => ({ 'x-forwarded-for': address });

    expect(await statuses(2, url, from('2001:db8:0:1::1'))).toEqual([200, 200]);
    expect(await statuses(1, url, from('2001:db8:0:1:ffff::2'))).toEqual([429]);
    expect(await statuses(1, url, from('2001:db8:0:2::1'))).toEqual([200]);
    expect(await statuses(3, url, from('203.0.113.1'))).toEqual([200, 200, 429]);
    expect(await statuses(1, url, from('203.0.113.2'))).toEqual([200]);
  });

  it('counts everybody together, but not what one address is refused', async () => {
    const { url } = await serve({ LIMIT_ADDRESS: '2', LIMIT_GLOBAL: '4' });
    const from = (address: string) => ({ 'x-forwarded-for': address });

    expect(await statuses(10, url, from('203.0.113.1'))).toEqual([200, 200, ...Array<number>(8).fill(429)]);
    expect(await statuses(2, url, from('203.0.113.2'))).toEqual([200, 200]);

    const refused = await call(url, from('203.0.113.3'));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit-policy')).toBe('"global";q=4;w=60');
  });

  it('leaves other budgets alone, and is not spent by them', async () => {
    const { url } = await serve({ LIMIT_ADDRESS: '1' });
    const beat = async () => {
      const answer = await fetch(`${url}/things/beat`, { method: 'POST' });
      expect(answer.headers.has('ratelimit')).toBe(false);
      return answer.status;
    };

    for (let i = 0; i < 5; i++) expect(await beat()).toBe(200);
    expect(await statuses(2, url)).toEqual([200, 429]);
    expect(await beat()).toBe(200);
  });

  it('lets no more than the budget through when calls race at two processes', async () => {
    const limits = { LIMIT_USER: '20' };
    const urls = [(await serve(limits)).url, (await serve(limits)).url];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => call(urls[i % 2]!, { 'x-caller': 'usr_a' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
  });

  describe('back-off', () => {
    const caller = { 'x-caller': 'usr_a' };

    it('doubles the wait of whoever keeps calling while refused, up to the bound', async () => {
      const { url } = await serve({ LIMIT_USER: '8', LIMIT_BACKOFF_MAX_SECONDS: '200' });
      expect(await statuses(8, url, caller)).toEqual(Array<number>(8).fill(200));

      const waits: number[] = [];
      for (let i = 0; i < 9; i++) waits.push(retryAfter(await call(url, caller)));
      // A quarter of 8 calls in vain each time.
      const expected = [60, 60, 120, 120, 200, 200, 200, 200, 200];
      // The wait began some calls ago: seconds may have passed.
      expect(waits.map((wait) => expected.find((one) => wait <= one && wait > one - 20))).toEqual(expected);
    });

    it('does not lengthen the wait of others', async () => {
      const { url } = await serve({ LIMIT_USER: '1' });
      await statuses(5, url, caller);
      expect(retryAfter(await call(url, caller))).toBeGreaterThan(60);
      expect(await statuses(1, url, { 'x-caller': 'usr_b' })).toEqual([200]);
      expect(retryAfter(await call(url, { 'x-caller': 'usr_b' }))).toBeLessThanOrEqual(60);
    });

    it('remembers the wait in the next window, halves it for who kept it, and forgets it after two quiet ones', async () => {
      const { url } = await serve({ LIMIT_USER: '4' });
      const store = new Redis(redis.url);
      const key = 'limits:general:user:usr_a';
      const waitAfter = async (calls: number) => {
        await statuses(calls, url, caller);
        const seconds = retryAfter(await call(url, caller));
        expect(await store.ttl(key)).toBeLessThanOrEqual(seconds);
        return seconds;
      };
      /** As if the wait had passed. */
      const waitPasses = () => store.del(key);
      try {
        expect(await waitAfter(6)).toBe(240);
        const remembered = (await store.pttl(`${key}:level`)) / 1_000;
        expect(remembered).toBeGreaterThan(240 + 2 * 60 - 20);
        expect(remembered).toBeLessThanOrEqual(240 + 2 * 60);

        await waitPasses();
        expect(await waitAfter(4)).toBe(120);
        await waitPasses();
        expect(await waitAfter(4)).toBeLessThanOrEqual(60);
        await waitPasses();
        expect(await waitAfter(5)).toBe(120);
        await waitPasses();
        await store.del(`${key}:level`);
        expect(await waitAfter(4)).toBeLessThanOrEqual(60);
      } finally {
        store.disconnect();
      }
    });

    it('lets a caller in again when the wait has passed', async () => {
      const { url } = await serve({ LIMIT_USER: '1', LIMIT_WINDOW_SECONDS: '2' });
      expect(await statuses(2, url, caller)).toEqual([200, 429]);
      const store = new Redis(redis.url);
      await eventually(async () => (await store.exists('limits:general:user:usr_a')) === 0);
      store.disconnect();
      expect(await statuses(1, url, caller)).toEqual([200]);
    });

    it('never makes everybody wait longer than the window', async () => {
      const { url } = await serve({ LIMIT_GLOBAL: '1' });
      await statuses(10, url);
      expect(retryAfter(await call(url))).toBeLessThanOrEqual(60);
    });
  });

  describe('while Redis is away', () => {
    it('counts in the process with the same budgets, warns once, and returns to Redis by itself', async () => {
      const { url } = await serve({ LIMIT_USER: '3' });
      const caller = { 'x-caller': 'usr_a' };
      const before = await metric('limits_store_unavailable_total');
      expect(await statuses(1, url, caller)).toEqual([200]);

      await redis.kill();
      expect(await statuses(5, url, caller)).toEqual([200, 200, 200, 429, 429]);
      expect(log.warnings).toHaveLength(1);
      expect(await metric('limits_store_unavailable_total')).toBeGreaterThanOrEqual(before + 15);

      await redis.start();
      const store = new Redis(redis.url);
      await eventually(async () => {
        await call(url, { 'x-caller': 'usr_b' });
        return (await store.exists('limits:general:user:usr_b')) === 1;
      });
      store.disconnect();
      expect(await statuses(1, url, caller)).toEqual([200]);
      expect(log.warnings).toHaveLength(1);
    });

    it('counts in the process from the start when it was never there', async () => {
      await redis.kill();
      const { url } = await serve({ LIMIT_USER: '2' });
      expect(await statuses(3, url, { 'x-caller': 'usr_a' })).toEqual([200, 200, 429]);
      expect(log.warnings).toHaveLength(1);
    });

    it('waits once for a Redis that has fallen silent, not with every call', async () => {
      const { url } = await serve({ LIMIT_USER: '2' });
      const store = new Redis(redis.url);
      await store.call('CLIENT', 'PAUSE', '60000', 'ALL');
      const atOnce = await Promise.all(
        ['usr_a', 'usr_b', 'usr_c'].map((id) => call(url, { 'x-caller': id })),
      );
      expect(atOnce.map(({ status }) => status)).toEqual([200, 200, 200]);
      // A call that waited would wait for 2 s: twenty of them would outlast the test.
      expect(await statuses(20, url, { 'x-caller': 'usr_a' })).toEqual([200, ...Array<number>(19).fill(429)]);
      expect(log.warnings).toHaveLength(1);
      store.disconnect();
    });

    it('counts in the process when Redis takes no writes', async () => {
      const { url } = await serve({ LIMIT_USER: '2' });
      const store = new Redis(redis.url);
      await store.config('SET', 'maxmemory', '1');
      expect(await statuses(3, url, { 'x-caller': 'usr_a' })).toEqual([200, 200, 429]);

      // It answers, so only trying to write tells that it is of no use yet.
      await eventually(async () => {
        await call(url);
        const refusals = /errorstat_OOM:count=(\d+)/.exec(await store.info('errorstats'))?.[1];
        return Number(refusals) >= 3;
      });
      expect(log.warnings).toHaveLength(1);
      store.disconnect();
    });
  });

  describe('guesses', () => {
    const address = '2001:db8::1';
    const neighbour = '2001:db8::2';
    const other = '203.0.113.9';

    async function guessLimit(variables: Record<string, string>): Promise<GuessLimit> {
      return (await serve(variables)).app.get(GuessLimit);
    }

    it('refuse an address whose misses are spent, before the next lookup', async () => {
      const guess = await guessLimit({ LIMIT_GUESSES_ADDRESS: '3' });
      const before = await metric('rate_limited_total', { budget: 'guess', scope: 'address' });
      for (const from of [address, neighbour, address]) {
        guess.check(from);
        await guess.miss(from);
      }
      expect(() => guess.check(neighbour)).toThrow(
        expect.objectContaining({ code: 'RATE_LIMITED', status: 429 }),
      );
      expect(() => guess.check(other)).not.toThrow();
      expect(() => guess.check(address, 'session_id')).not.toThrow();
      expect(await metric('rate_limited_total', { budget: 'guess', scope: 'address' })).toBe(before + 1);
    });

    it('cost nothing when nothing is missed', async () => {
      const guess = await guessLimit({ LIMIT_GUESSES_ADDRESS: '1' });
      for (let i = 0; i < 100; i++) guess.check(address);
      expect(() => guess.check(null)).not.toThrow();
      await expect(guess.miss(null)).resolves.toBeUndefined();
    });

    it('are shared by all processes: another one withholds its answer', async () => {
      const limits = { LIMIT_GUESSES_ADDRESS: '2' };
      const [one, another] = [await guessLimit(limits), await guessLimit(limits)];
      await one.miss(address);
      await one.miss(address);
      await expect(another.miss(address)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
      expect(() => another.check(address)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    });

    it('of many addresses together refuse those that have guessed, and nobody else', async () => {
      const guess = await guessLimit({ LIMIT_GUESSES_ADDRESS: '10', LIMIT_GUESSES_GLOBAL: '3' });
      for (let i = 1; i <= 3; i++) await guess.miss(`203.0.113.${i}`);
      expect(() => guess.check('203.0.113.1')).toThrow(
        expect.objectContaining({ details: expect.objectContaining({ limit: 3 }) }),
      );
      expect(() => guess.check('203.0.113.4')).not.toThrow();
      await guess.miss('203.0.113.4');
      await expect(guess.miss('203.0.113.4')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    });

    it('of many addresses together refuse everybody where that is asked', async () => {
      const guess = await guessLimit({ LIMIT_GUESSES_ADDRESS: '10', LIMIT_GUESSES_GLOBAL: '3' });
      for (let i = 1; i <= 2; i++) await guess.miss(`203.0.113.${i}`);
      expect(() => guess.checkEverybody()).not.toThrow();
      await guess.miss('203.0.113.3');
      expect(() => guess.checkEverybody()).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
      expect(() => guess.checkEverybody('session_id')).not.toThrow();
    });

    it('are counted in the process while Redis is away', async () => {
      const guess = await guessLimit({ LIMIT_GUESSES_ADDRESS: '2' });
      await redis.kill();
      await guess.miss(address);
      await guess.miss(address);
      expect(() => guess.check(address)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    });

    it('are forgotten with the window', async () => {
      const guess = await guessLimit({ LIMIT_GUESSES_ADDRESS: '1', LIMIT_WINDOW_SECONDS: '2' });
      await guess.miss(address);
      expect(() => guess.check(address)).toThrow();
      await eventually(() => {
        guess.check(address);
        return true;
      });
    });
  });
});
