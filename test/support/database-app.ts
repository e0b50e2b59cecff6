import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DatabaseConfig, DbModule } from '#platform';
import type { TestDatabase } from './database.js';

/** An application that is nothing but Db and the system's pool over a test's database. The caller closes it. */
export function databaseApp(
  database: TestDatabase,
  entities: Parameters<typeof DbModule.forRoot>[0] = [],
): Promise<INestApplicationContext> {
  const settings = { url: database.url, systemUrl: database.systemUrl, poolSize: 5 };

  @Module({ providers: [{ provide: DatabaseConfig, useValue: settings }], exports: [DatabaseConfig] })
  class Settings {}

  @Module({ imports: [{ module: Settings, global: true }, DbModule.forRoot(entities)] })
  class DatabaseApp {}

  return NestFactory.createApplicationContext(DatabaseApp, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
}
