import { randomBytes } from 'node:crypto';
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
import {
  Actor,
  Clock,
  ConfigModule,
  createHttpApp,
  CryptoModule,
  DomainError,
  Endpoint,
  type HttpConfig,
  IdempotencyConfig,
  IdempotencyModule,
  loadConfig,
  Log,
  RedisConfig,
  RedisModule,
  RuntimeConfig,
  SecretsConfig,
  SystemClock,
  wire,
} from '#platform';
import { silent } from './keyring.js';
import { testRedis, type TestRedis } from './redis.js';

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
const SECRETS_KEY = randomBytes(32).toString('base64');

export interface Call {
  key?: string;
  path?: string;
  body?: unknown;
  caller?: string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Routes that take an Idempotency-Key, for one file of tests, over a Redis of its own that each test finds empty. */
export class IdempotentThings {
  redis!: TestRedis;
  store!: Redis;
  works!: Works;
  private readonly apps: NestFastifyApplication[] = [];

  constructor() {
    beforeAll(async () => {
      this.redis = await testRedis();
    });
    beforeEach(async () => {
      this.works = new Works();
      this.store = new Redis(this.redis.url);
      this.store.on('error', () => undefined);
      await this.store.flushall();
    });
    afterEach(async () => {
      for (const app of this.apps.splice(0)) await app.close();
      this.store.disconnect();
    });
    afterAll(() => this.redis.drop());
  }

  /** Listens; gives its origin. */
  async serve(variables: Record<string, string> = {}): Promise<string> {
    const all = new Map(
      Object.entries({ ENV: 'test', REDIS_URL: this.redis.url, SECRETS_KEY, ...variables }),
    );
    const environment = { get: (name: string) => all.get(name), names: () => all.keys() };
    class Ground {}
    Module({
      providers: [
        { provide: Clock, useValue: new SystemClock() },
        { provide: Log, useValue: silent },
        { provide: Works, useValue: this.works },
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
    const app = await createHttpApp(App, silent, HTTP);
    this.apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  }

  keysInRedis(): Promise<string[]> {
    return this.store.keys('idempotency:*');
  }
}

export function post(
  url: string,
  { key, path = '/things', body = { thing_name: 'a' }, caller, signal, headers }: Call = {},
): Promise<Response> {
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

export const codeOf = async (answer: Response) =>
  ((await answer.json()) as { error: { code: string } }).error.code;

/** How many requests ended so, as the metrics tell. */
export async function counted(outcome: string): Promise<number> {
  const { values } = (await register.getSingleMetric('idempotency_requests_total')?.get()) ?? { values: [] };
  return values.find((one) => one.labels.outcome === outcome)?.value ?? 0;
}
