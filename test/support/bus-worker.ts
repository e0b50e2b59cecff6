import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConfigModule,
  createLog,
  DatabaseConfig,
  DbModule,
  EventBusModule,
  EventsConfig,
  loadConfig,
  NestLog,
  ProcessModule,
  readEnvironment,
  RedisConfig,
  RedisModule,
  run,
} from '#platform';
import { AnnounceThings, CountThings, HearOfThings } from './bus-handlers.js';

/** A worker with nothing in it but the bus and handlers of the tests' own. */
run(async () => {
  const settings = loadConfig([DatabaseConfig, RedisConfig, EventsConfig], readEnvironment());
  const log = createLog({ process: 'bus-worker', level: 'info' });

  @Module({
    imports: [
      ProcessModule.forRoot(log),
      ConfigModule.forRoot(settings),
      DbModule.forRoot([]),
      RedisModule,
      EventBusModule.forWorker(),
    ],
    providers: [CountThings, HearOfThings, AnnounceThings],
  })
  class BusWorker {}

  const app = await NestFactory.createApplicationContext(BusWorker, {
    logger: new NestLog(log),
    abortOnError: false,
  });
  process.once('SIGTERM', () => run(() => app.close().then(() => process.exit(0))));
  process.send?.({ type: 'ready' });
});
