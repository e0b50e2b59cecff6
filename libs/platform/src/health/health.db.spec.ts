import { loadConfig } from '../config/config.js';
import { RuntimeConfig } from '../config/runtime.config.js';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { Clock, ManualClock } from '../clock/clock.js';
import { ConfigModule } from '../config/config.module.js';
import { DatabaseConfig } from '../db/database.config.js';
import { createHttpApp } from '../http/create-http-app.js';
import type { HttpConfig } from '../http/http.config.js';
import { RedisConfig } from '../redis/redis.config.js';
import { RedisModule } from '../redis/redis.module.js';
import { HealthModule } from './health.module.js';
import { UpstreamConfig } from './upstream.config.js';

/** A way to Postgres that can fall silent, as a network does, without a word to either side. */
class Line {
  private readonly sockets = new Set<Socket>();
  private silent = false;
  connections = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('connection', (socket) => {
      this.connections += 1;
      const through = connect(Number(this.target.port), this.target.hostname);
      for (const [from, to] of [[socket, through] as const, [through, socket] as const]) {
        this.sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        from.on('data', (bytes) => this.silent || to.write(bytes));
      }
    });
  }

  static async to(target: string): Promise<Line> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Line(server, new URL(target));
  }

  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  fallSilent(): void {
    this.silent = true;
  }

  recover(): void {
    this.silent = false;
    // What was swallowed is gone: those connections are out of step.
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async close(): Promise<void> {
    this.recover();
    this.server.close();
    await once(this.server, 'close');
  }
}

class Issuer {
  status = 200;
  asked = 0;
  private readonly server: HttpServer = createHttpServer((request, response) => {
    this.asked += 1;
    const isKnown = ['/.well-known/openid-configuration', '/'].includes(request.url ?? '');
    response.writeHead(isKnown ? this.status : 404).end('{}');
  });

  async open(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

describe('the probes', () => {
  const clock = new ManualClock();
  const issuer = new Issuer();
  let database: TestDatabase;
  let redis: TestRedis;
  let seats: TestRedis;
  let line: Line;
  let issuerUrl: string;
  let app: NestFastifyApplication;

  async function appWith(variables: Record<string, string>): Promise<NestFastifyApplication> {
    const all = new Map(
      Object.entries({
        ENV: 'test',
        DATABASE_URL: line.url,
        DATABASE_SYSTEM_URL: database.systemUrl,
        REDIS_URL: redis.url,
        REDIS_SEATS_URL: seats.url,
        ...variables,
      }),
    );
    const environment = { get: (name: string) => all.get(name), names: () => all.keys() };
    class App {}
    Module({
      imports: [
        ConfigModule.forRoot(
          loadConfig([RuntimeConfig, DatabaseConfig, RedisConfig, UpstreamConfig], environment),
        ),
        {
          module: class Time {},
          global: true,
          providers: [{ provide: Clock, useValue: clock }],
          exports: [Clock],
        },
        RedisModule,
        HealthModule,
      ],
    })(App);
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const http = {
      baseUrl: 'http://localhost',
      allowedHosts: [],
      allowedOrigins: [],
      trustedProxies: [],
      bodyLimit: 4_096,
    };
    const made = await createHttpApp(App, silent, http as unknown as HttpConfig);
    await made.init();
    return made;
  }

  /** Status and body, a second later than the last one. */
  async function ask(url: string): Promise<[number, Record<string, any>]> {
    clock.advance(1_000);
    const answer = await app.inject({ url });
    return [answer.statusCode, answer.json()];
  }

  beforeAll(async () => {
    [database, redis, seats, issuerUrl] = await Promise.all([
      testDatabase(),
      testRedis(),
      testRedis(),
      issuer.open(),
    ]);
    line = await Line.to(database.url);
    app = await appWith({ AUTH0_DOMAIN: issuerUrl });
  });

  afterAll(async () => {
    await app.close();
    await line.close();
    await Promise.all([database.drop(), redis.drop(), seats.drop(), issuer.close()]);
  });

  it('say what runs and what is configured', async () => {
    const [status, body] = await ask('/health');
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'ok',
      timestamp: clock.now().toISOString(),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      auth0_configured: true,
      keys_configured: false,
    });
  });

  it('are ready when everything answers', async () => {
    const [status, body] = await ask('/ready');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ready',
      checks: { database: { status: 'up' }, auth0: { status: 'up' } },
    });
    expect(Object.keys(body.checks.redis)).toEqual(['seats', 'queues', 'limits', 'nonces']);
  });

  it('fail on Postgres alone, in time, even when it only falls silent, and recover by themselves', async () => {
    await ask('/health/ready');
    line.fallSilent();
    const [status, body] = await ask('/health/ready');
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: 'unready',
      checks: { database: { status: 'down' }, redis: { seats: { status: 'up' } } },
    });
    expect(await ask('/health/live')).toEqual([200, { status: 'ok' }]);
    expect((await ask('/ready'))[0]).toBe(503);

    line.recover();
    await ask('/health/ready');
    expect((await ask('/health/ready'))[0]).toBe(200);
  });

  it('stay ready without the Redis of one purpose, and show which', async () => {
    await seats.kill();
    const [status, body] = await ask('/health/ready');
    await seats.start();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'degraded',
      checks: { redis: { seats: { status: 'down' }, queues: { status: 'up' } } },
    });
  });

  it('fail /ready, and only it, when the configured issuer does not answer well', async () => {
    issuer.status = 500;
    const [ready, body] = await ask('/ready');
    const [healthReady] = await ask('/health/ready');
    issuer.status = 200;
    expect(ready).toBe(503);
    expect(body.checks).toMatchObject({ auth0: { status: 'down' }, database: { status: 'up' } });
    expect(healthReady).toBe(200);
  });

  it('fail /ready, and only it, when a configured Firebase does not answer well', async () => {
    const host = new URL(issuerUrl).host;
    const other = await appWith({ FIREBASE_PROJECT_ID: 'demo', FIREBASE_AUTH_EMULATOR_HOST: host });
    const look = async (url: string) => {
      const answer = await other.inject({ url });
      return [answer.statusCode, answer.json().checks.firebase?.status];
    };
    try {
      expect(await look('/ready')).toEqual([200, 'up']);
      issuer.status = 500;
      clock.advance(1_000);
      expect(await look('/ready')).toEqual([503, 'down']);
      expect((await look('/health/ready'))[0]).toBe(200);
    } finally {
      issuer.status = 200;
      await other.close();
    }
  });

  it('count an issuer that is not configured as healthy', async () => {
    const other = await appWith({});
    try {
      const answer = await other.inject({ url: '/ready' });
      expect(answer.statusCode).toBe(200);
      expect(answer.json().checks.auth0).toEqual({ status: 'unconfigured', ms: null });
      expect(answer.json().checks.firebase).toEqual({ status: 'unconfigured', ms: null });
      expect((await other.inject({ url: '/health' })).json().auth0_configured).toBe(false);
    } finally {
      await other.close();
    }
  });

  it('cost the parts one question, however many ask', async () => {
    clock.advance(1_000);
    const asked = issuer.asked;
    const connections = line.connections;
    const answers = await Promise.all(Array.from({ length: 200 }, () => app.inject({ url: '/ready' })));
    expect(new Set(answers.map((answer) => answer.statusCode))).toEqual(new Set([200]));
    expect(issuer.asked - asked).toBe(1);
    expect(line.connections - connections).toBeLessThanOrEqual(1);
  });
});
