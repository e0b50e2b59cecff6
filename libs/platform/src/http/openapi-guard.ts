import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Type } from '@nestjs/common';
import { declaredRoutes } from './openapi-routes.js';

/**
 * Keeps the application from starting when it would serve a route that nobody declared: without @Endpoint it
 * has no access rule, no budget and no place in the documentation; without a schema its input is not checked.
 * Call it before the application is initialised.
 */
export function assertEveryRouteIsDeclared(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const served: { route: string; declared: boolean }[] = [];

  server.addHook('onRoute', ({ method, url, config }) => {
    // The one route that CORS adds for preflights.
    if (method === 'OPTIONS' && url === '*') return;
    for (const one of [method].flat())
      served.push({ route: `${one} ${url}`, declared: config?.endpoint !== undefined });
  });

  server.addHook('onReady', (done) => {
    const routes = declaredRoutes(controllersIn(app.get(ModulesContainer)));
    const documented = new Set(routes.map((route) => `${route.method} ${route.path}`));
    const faults = [
      ...served.filter((one) => !one.declared).map((one) => `${one.route} has no @Endpoint({ ... }).`),
      ...served
        .filter((one) => one.declared && !documented.has(one.route))
        .map(
          (one) => `${one.route} is served at another path than its controller says; write paths in full.`,
        ),
      ...routes.flatMap((route) => route.faults.map((fault) => `${route.method} ${route.path}: ${fault}`)),
    ];
    done(
      faults.length > 0
        ? new Error(`The API refuses to start:\n${faults.map((one) => `  - ${one}`).join('\n')}`)
        : undefined,
    );
  });
}

/** The controllers of an application that has been made. */
export function controllersIn(modules: ModulesContainer): Set<Type> {
  const wrappers = [...modules.values()].flatMap((one) => [...one.controllers.values()]);
  return new Set(wrappers.map((wrapper) => wrapper.metatype as Type));
}
