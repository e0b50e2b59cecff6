import { RuntimeConfig } from '../config/runtime.config.js';
import { Controller, Get, Module, Param } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { Clock, ManualClock } from '../clock/clock.js';
import { ConfigError, loadConfig } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { createHttpApp } from '../http/create-http-app.js';
import { Endpoint } from '../http/endpoint.js';
import type { HttpConfig } from '../http/http.config.js';
import { wire } from '../http/wire.js';
import { MetricsConfig } from './metrics.config.js';
import { MetricsModule } from './metrics.module.js';

const TOKEN = 'a-token-of-the-scraper';

@Controller('/things')
class ThingsController {
  @Get(':id')
  @Endpoint({ summary: 'A thing', access: 'public', output: z.object({ id: z.string() }) })
  show(@Param('id', { schema: wire(z.string().max(3)) }) id: string) {
    return { id };
  }
}

const environmentOf = (variables: Record<string, string>) => {
  const all = new Map(Object.entries(variables));
  return { get: (name: string) => all.get(name), names: () => all.keys() };
};

async function withApp(
  variables: Record<string, string>,
  use: (app: NestFastifyApplication) => Promise<void>,
) {
  class App {}
  Module({
    imports: [
      ConfigModule.forRoot(loadConfig([RuntimeConfig, MetricsConfig], environmentOf(variables))),
      MetricsModule,
    ],
    controllers: [ThingsController],
    providers: [{ provide: Clock, useValue: new ManualClock() }],
  })(App);
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const http = {
    baseUrl: 'http://localhost',
    allowedHosts: [],
    allowedOrigins: [],
    trustedProxies: [],
    bodyLimit: 4_096,
  };
  const app = await createHttpApp(App, silent, http as unknown as HttpConfig);
  await app.init();
  try {
    await use(app);
  } finally {
    await app.close();
  }
}

const statusOf = async (app: NestFastifyApplication, authorization?: string) =>
  (await app.inject({ url: '/metrics', headers: authorization ? { authorization } : {} })).statusCode;

describe('/metrics', () => {
  it('counts by route template, method and class of status', async () => {
    await withApp({ ENV: 'test' }, async (app) => {
      const valueOf = async (line: string) => {
        const { body } = await app.inject({ url: '/metrics' });
        return Number(
          body
            .split('\n')
            .find((one) => one.startsWith(line))
            ?.split(' ')
            .at(-1) ?? 0,
        );
      };
      const answered = 'http_requests_total{method="GET",route="/things/:id",status="2xx"}';
      const refused = 'http_requests_total{method="GET",route="/things/:id",status="4xx"}';
      const nowhere = 'http_requests_total{method="GET",route="none",status="4xx"}';
      const measured = 'http_request_duration_seconds_count{method="GET",route="/things/:id"}';

      await app.inject({ url: '/things/1' });
      await app.inject({ url: '/things/2' });
      await app.inject({ url: '/things/too-long' });
      await app.inject({ url: '/wp-login.php' });

      expect(await valueOf(answered)).toBe(2);
      expect(await valueOf(refused)).toBe(1);
      expect(await valueOf(measured)).toBe(3);
      expect(await valueOf(nowhere)).toBe(1);
      expect(await valueOf('process_cpu_seconds_total')).toBeGreaterThan(0);
      expect((await app.inject({ url: '/metrics' })).body).not.toContain('wp-login');
    });
  });

  it.each(['staging', 'production'])('asks for the token with ENV=%s', async (ENV) => {
    await withApp({ ENV, METRICS_TOKEN: TOKEN }, async (app) => {
      expect(await statusOf(app)).toBe(401);
      expect(await statusOf(app, `Bearer ${TOKEN}x`)).toBe(401);
      expect(await statusOf(app, `Bearer ${TOKEN}`)).toBe(200);
    });
  });

  it('is closed in production when nothing was said about it', async () => {
    await withApp({ ENV: 'production' }, async (app) => {
      expect(await statusOf(app)).toBe(401);
      expect(await statusOf(app, 'Bearer undefined')).toBe(401);
    });
  });

  it('is open where METRICS_PUBLIC says so', async () => {
    await withApp({ ENV: 'production', METRICS_PUBLIC: 'true' }, async (app) => {
      expect(await statusOf(app)).toBe(200);
    });
  });

  it('takes no token that can be guessed', () => {
    expect(() =>
      loadConfig([MetricsConfig], environmentOf({ ENV: 'production', METRICS_TOKEN: 'secret' })),
    ).toThrow(ConfigError);
  });
});
