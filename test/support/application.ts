import { Global, type INestApplicationContext, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Clock,
  ConfigModule,
  createLog,
  CryptoModule,
  DatabaseConfig,
  DbModule,
  LimitsConfig,
  LimitsModule,
  loadConfig,
  Log,
  type ManualClock,
  RedisConfig,
  RedisModule,
  RuntimeConfig,
  SecretsConfig,
} from '#platform';

/** Rooms over the platform, as the processes of the product have them. */
export interface Rooms extends Pick<ModuleMetadata, 'imports' | 'providers'> {
  /** Besides those of the platform. */
  concerns: Parameters<typeof loadConfig>[0];
  entities: Parameters<typeof DbModule.forRoot>[0];
}

/** An application of these rooms with these settings. The caller closes it. */
export function application(
  { concerns, entities, imports = [], providers }: Rooms,
  variables: Readonly<Record<string, string>>,
  clock: ManualClock,
): Promise<INestApplicationContext> {
  const all = new Map(Object.entries(variables));
  const settings = loadConfig(
    [RuntimeConfig, DatabaseConfig, RedisConfig, SecretsConfig, LimitsConfig, ...concerns],
    { get: (name) => all.get(name), names: () => all.keys() },
  );

  @Global()
  @Module({
    providers: [
      { provide: Log, useValue: createLog({ process: 'test', level: 'error' }) },
      { provide: Clock, useValue: clock },
    ],
    exports: [Log, Clock],
  })
  class Ground {}

  @Module({
    imports: [
      Ground,
      ConfigModule.forRoot(settings),
      DbModule.forRoot(entities),
      RedisModule,
      CryptoModule,
      LimitsModule,
      ...imports,
    ],
    providers,
  })
  class World {}

  return NestFactory.createApplicationContext(World, { logger: ['error'], abortOnError: false });
}
