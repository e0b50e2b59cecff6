import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Injectable,
  Module,
  Post,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import {
  Actor,
  Clock,
  ConfigModule,
  createHttpApp,
  Endpoint,
  type HttpConfig,
  LimitsConfig,
  LimitsModule,
  loadConfig,
  Log,
  newId,
  RedisConfig,
  RedisModule,
  RuntimeConfig,
} from '#platform';
import { type QuotaWorld, quotaWorld } from '../testing/quotas.js';
import { CountUse } from './count-use.js';
import { Meter } from './meter.guard.js';

/** How often the route has run. */
let runs = 0;

@Controller('/commands')
class CommandsController {
  @Post()
  @Meter('commands')
  @Endpoint({ summary: 'Run', access: 'bearer', refusals: { too_many: ['QUOTA_EXHAUSTED'] } })
  run() {
    runs += 1;
    return { ran: true };
  }

  @Post('/free')
  @Endpoint({ summary: 'Not metered', access: 'bearer' })
  free() {
    return { ran: true };
  }
}

/** Stands where authentication stands: the caller's licence is what the header says. */
@Injectable()
class CallerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const [tenantId, licenseId] = String(request.headers['x-place'] ?? '').split(' ');
    if (!licenseId) return true;
    const origin = { traceId: request.id, address: request.ip };
    request.actor = new Actor({ type: 'user', id: USER, tenantId: tenantId ?? null, licenseId, origin });
    return true;
  }
}
const USER = newId('usr');

describe('a route of ours with @Meter', () => {
  let world: QuotaWorld;
  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    world = await quotaWorld();
    const all = new Map(
      Object.entries({ ENV: 'test', REDIS_URL: world.server.url, LIMIT_USAGE_REPORTS: '30' }),
    );
    const settings = loadConfig([RuntimeConfig, RedisConfig, LimitsConfig], {
      get: (name) => all.get(name),
      names: () => all.keys(),
    });
    const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
    const ground = [
      { provide: Clock, useValue: world.clock },
      { provide: Log, useValue: log },
      { provide: CountUse, useValue: world.process.countUse },
    ];
    class Ground {}
    Module({ providers: ground, exports: ground.map((one) => one.provide) })(Ground);
    class App {}
    Module({
      imports: [{ module: Ground, global: true }, ConfigModule.forRoot(settings), RedisModule, LimitsModule],
      controllers: [CommandsController],
      providers: [{ provide: APP_GUARD, useClass: CallerGuard }],
    })(App);
    app = await createHttpApp(App, log, {
      ...{ baseUrl: 'http://localhost', allowedHosts: ['127.0.0.1'], allowedOrigins: [], trustedProxies: [] },
      bodyLimit: 4_096,
    } as unknown as HttpConfig);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app?.close();
    await world.close();
  });

  const run = async (
    place: { tenantId: string; licenseId: string } | null,
    headers: Record<string, string> = {},
    path = '/commands',
  ) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { ...(place ? { 'x-place': `${place.tenantId} ${place.licenseId}` } : {}), ...headers },
    });
    const body = (await answer.json()) as { error?: { code: string; details?: object } };
    return { status: answer.status, error: body.error, wait: answer.headers.get('retry-after') };
  };

  it('counts one before the route runs, and refuses when nothing is left', async () => {
    const place = await world.issued({ commands: { limit: 2 } });
    const before = runs;
    expect([(await run(place)).status, (await run(place)).status]).toEqual([200, 200]);
    const refused = await run(place);
    expect(refused).toMatchObject({
      status: 429,
      error: { code: 'QUOTA_EXHAUSTED', details: { meter: 'commands', limit: 2, used: 2, remaining: 0 } },
    });
    expect(Number(refused.wait)).toBeGreaterThan(0);
    expect(runs - before).toBe(2);
    expect((await run(place, {}, '/commands/free')).status).toBe(200);
  });

  it('counts a call once that is repeated with its Idempotency-Key', async () => {
    const place = await world.issued({ commands: { limit: 2 } });
    const headers = { 'idempotency-key': crypto.randomUUID() };
    for (let n = 0; n < 3; n++) expect((await run(place, headers)).status).toBe(200);
    expect((await run(place)).status).toBe(200);
    expect((await run(place)).status).toBe(429);
  });

  it('is closed to nobody in particular, and has a budget for each licence', async () => {
    expect((await run(null)).error?.code).toBe('UNAUTHENTICATED');
    const place = await world.issued({ commands: { limit: null } });
    const answers = await Promise.all(Array.from({ length: 31 }, () => run(place)));
    expect(answers.filter((answer) => answer.error?.code === 'RATE_LIMITED')).toHaveLength(1);
  });
});
