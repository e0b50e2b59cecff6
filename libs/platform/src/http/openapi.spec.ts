import { Body, Controller, Get, Module, Param, Post, Query, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { Clock, ManualClock } from '../clock/clock.js';
import { idOf } from '../ids/ids.js';
import { createHttpApp } from './create-http-app.js';
import { Endpoint } from './endpoint.js';
import type { HttpConfig } from './http.config.js';
import { buildOpenApi, describeRoutes } from './openapi.js';
import { OpenApiModule } from './openapi.module.js';
import { declaredRoutes } from './openapi-routes.js';
import { wire } from './wire.js';

const CreatePot = z.strictObject({
  potName: z.string().max(40).meta({ example: 'Earl Grey' }),
  cupCount: z.int().min(1).max(12),
  brewedAt: z.iso.datetime().optional(),
});
const Pot = z.object({ id: idOf('pot'), potName: z.string(), brewedAt: z.date() });

@Controller('/api/v1/pots')
class PotsController {
  @Post()
  @Endpoint({
    summary: 'Brew',
    access: 'bearer',
    status: 201,
    output: Pot,
    idempotent: 'plain',
    refusals: { conflict: ['POT_ON_FIRE'] },
  })
  createPot(@Body({ schema: wire(CreatePot) }) _: z.output<typeof CreatePot>) {
    return {
      id: 'pot_01k9zq6mwee4rr8q3fjz6c1v2d',
      potName: 'Earl Grey',
      brewedAt: new Date(0),
      secret: 'leaf',
    };
  }

  @Get(':pot_id')
  @Endpoint({ summary: 'Look', access: 'public', budget: 'open', output: Pot })
  show(
    @Param('pot_id', { schema: wire(idOf('pot')) }) _: string,
    @Query({ schema: wire(z.strictObject({ withLeaves: z.stringbool().optional() })) }) __: object,
  ) {
    return { id: 'pot_01k9zq6mwee4rr8q3fjz6c1v2d', potName: 'Earl Grey', brewedAt: new Date(0) };
  }
}

const HTTP = {
  baseUrl: 'http://localhost',
  allowedHosts: [],
  allowedOrigins: [],
  trustedProxies: [],
  bodyLimit: 4_096,
};

async function appOf(controllers: Type[], imports: Type[] = []): Promise<NestFastifyApplication> {
  class App {}
  Module({ controllers, imports, providers: [{ provide: Clock, useValue: new ManualClock() }], exports: [] })(
    App,
  );
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const app = await createHttpApp(App, silent, HTTP as unknown as HttpConfig);
  await app.init();
  return app;
}

async function startOf(controllers: Type[]): Promise<void> {
  const app = await appOf(controllers);
  try {
    await app.getHttpAdapter().getInstance().ready();
  } finally {
    await app.close().catch(() => undefined);
  }
}

describe('the OpenAPI document', () => {
  const document = describeRoutes(declaredRoutes([PotsController]));
  const create = document.paths['/api/v1/pots']!.post as Record<string, any>;
  const show = document.paths['/api/v1/pots/{pot_id}']!.get as Record<string, any>;

  it('writes names as they are on the wire, with schemas and examples of both ways', () => {
    expect(create.operationId).toBe('pots_create_pot');
    expect(create.requestBody.content['application/json']).toMatchObject({
      schema: { required: ['pot_name', 'cup_count'], additionalProperties: false },
      example: { pot_name: 'Earl Grey', cup_count: 1, brewed_at: '2026-11-22T10:15:30.000Z' },
    });
    expect(create.responses[201].content['application/json']).toMatchObject({
      schema: { properties: { brewed_at: { type: 'string', format: 'date-time' } } },
      example: { id: 'pot_01k9zq6mwee4rr8q3fjz6c1v2d', brewed_at: '2026-11-22T10:15:30.000Z' },
    });
  });

  it('lists what a route refuses with: its own codes and those of the edge', () => {
    expect(Object.keys(create.responses)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '413',
      '415',
      '422',
      '429',
      'default',
    ]);
    expect(Object.keys(create.responses[409].content['application/json'].examples)).toEqual([
      'IDEMPOTENCY_IN_FLIGHT',
      'IDEMPOTENCY_ANSWER_NOT_KEPT',
      'POT_ON_FIRE',
    ]);
    expect(document.components.examples!.POT_ON_FIRE).toMatchObject({
      value: { error: { code: 'POT_ON_FIRE' } },
    });
    expect(Object.keys(show.responses)).toEqual(['200', '400', '404', '422', 'default']);
  });

  it('tells who may call, and what else is sent along', () => {
    expect(create.security).toEqual([{ bearer: [] }]);
    expect(create.parameters).toEqual([
      { $ref: '#/components/parameters/idempotency_key' },
      { $ref: '#/components/parameters/tenant_id' },
    ]);
    expect(show.security).toEqual([]);
    expect(show.parameters).toMatchObject([
      { name: 'pot_id', in: 'path', required: true, example: 'pot_01k9zq6mwee4rr8q3fjz6c1v2d' },
      { name: 'with_leaves', in: 'query', required: false },
    ]);
  });

  it('is the same for a module that never started', async () => {
    class Deep {}
    Module({ controllers: [PotsController] })(Deep);
    class Root {}
    Module({ imports: [Promise.resolve({ module: Deep }), { forwardRef: () => Deep }] as never })(Root);
    expect(await buildOpenApi(Root)).toEqual(document);
  });

  it('is served, and so is the page, all of it from here', async () => {
    const app = await appOf([PotsController], [OpenApiModule]);
    try {
      const served = await app.inject({ url: '/api/v1/openapi.json' });
      expect(served.json().paths['/api/v1/pots']).toEqual(
        JSON.parse(JSON.stringify(document.paths['/api/v1/pots'])),
      );
      const page = await app.inject({ url: '/docs' });
      const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
      expect(links).toContain('/docs/swagger-ui-bundle.js');
      for (const link of links) expect(await app.inject({ url: link })).toMatchObject({ statusCode: 200 });
      expect(page.headers['content-security-policy']).not.toMatch(/unsafe|http|\*/);
      expect(await app.inject({ url: '/docs/package.json' })).toMatchObject({ statusCode: 404 });
    } finally {
      await app.close();
    }
  });
});

describe('an application with a route that is not declared', () => {
  @Controller('/api/v1/secret')
  class Undeclared {
    @Get()
    show() {
      return {};
    }
  }

  @Controller('/api/v1/open')
  class Unchecked {
    @Post()
    @Endpoint({ summary: 'Takes anything', access: 'public' })
    take(@Body() _: unknown) {
      return {};
    }
  }

  it('starts with none of it', async () => {
    await expect(startOf([PotsController])).resolves.toBeUndefined();
  });

  it('refuses to start and names it', async () => {
    await expect(startOf([PotsController, Undeclared])).rejects.toThrow(
      'GET /api/v1/secret has no @Endpoint',
    );
  });

  it('refuses a body that no schema checks', async () => {
    await expect(startOf([Unchecked])).rejects.toThrow('POST /api/v1/open: @Body() of Unchecked.take needs');
  });
});
