import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import pg from 'pg';
import {
  Actor,
  ConfigModule,
  DatabaseConfig,
  Db,
  DbModule,
  DeadLetters,
  EventBusModule,
  type EventType,
  loadConfig,
  newId,
  occurred,
  type PayloadOf,
} from '#platform';
import { program } from '../../apps/local/paths.js';
import { type Child, startChild } from '../../apps/local/processes/child.js';
import { RUNS_TABLE } from './bus-handlers.js';
import { type TestDatabase, testDatabase } from './database.js';
import { INHERITED } from './environment.js';
import { type TestRedis, testRedis } from './redis.js';

/** A bus with nothing on it but the handlers of bus-handlers.ts: its own database, its own Redis, real workers. */
export interface TestBus {
  db: Db;
  deadLetters: DeadLetters;
  redis: TestRedis;
  /** Sees everything, bound by no policy. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  startWorker(settings?: Record<string, string>): Promise<Child>;
  flushRedis(): Promise<void>;
  /** Ends every connection to the database and admits no other, as if Postgres were away, until `work` has ended. */
  withoutPostgres(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Impatient: what takes minutes in production shall take a second here. */
const SETTINGS = {
  ENV: 'test',
  OUTBOX_POLL_MS: '50',
  EVENTS_RETRY_MS: '50',
  EVENTS_RETRY_MAX_MS: '500',
  EVENTS_CLAIM_MS: '1000',
  EVENTS_LOCK_MS: '1000',
  EVENTS_STALLED_MS: '300',
  EVENTS_SWEEP_MS: '200',
  EVENTS_SWEEP_AFTER_MS: '700',
};

export async function testBus(): Promise<TestBus> {
  const [database, redis] = await Promise.all([testDatabase(), testRedis()]);
  await makeRunsTable(database);
  const watcher = new pg.Pool({ connectionString: database.superuserUrl, max: 2 });
  watcher.on('error', () => undefined);
  const app = await publisher(database);
  const workers: Child[] = [];

  return {
    db: app.get(Db),
    deadLetters: app.get(DeadLetters),
    redis,
    query: async (sql, values) => (await watcher.query(sql, values)).rows,
    startWorker: async (settings = {}) => {
      const worker = await startChild({
        name: 'The bus worker',
        command: process.execPath,
        args: [program('test/support/bus-worker.js')],
        env: { ...INHERITED, ...SETTINGS, ...addresses(database, redis), ...settings },
        logFile: join(tmpdir(), `bus-worker-${process.pid}-${randomBytes(4).toString('hex')}.log`),
        ready: 'message',
      });
      workers.push(worker);
      return worker;
    },
    flushRedis: async () => {
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
    withoutPostgres: (work) => withoutPostgres(database, work),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await app.close();
      await watcher.end();
      await Promise.all([database.drop(), redis.drop()]);
    },
  };
}

/** A tenant's system actor, for recording. */
export const someTenant = (): Actor => Actor.system(newId('ten'), randomBytes(16).toString('hex'));

/** Records one event of `type` in a transaction of its own. */
export function record<E extends EventType>(
  bus: TestBus,
  actor: Actor,
  type: E,
  payload: PayloadOf<E>,
): Promise<void> {
  return bus.db.transaction(actor, async () => bus.db.record([occurred(type, payload, new Date())]));
}

async function publisher(database: TestDatabase): Promise<INestApplicationContext> {
  const variables = new Map(
    Object.entries({ ENV: 'test', DATABASE_URL: database.url, DATABASE_SYSTEM_URL: database.systemUrl }),
  );
  const settings = loadConfig([DatabaseConfig], {
    get: (name) => variables.get(name),
    names: () => variables.keys(),
  });

  @Module({ imports: [ConfigModule.forRoot(settings), DbModule.forRoot([]), EventBusModule.forOperators()] })
  class Publisher {}
  return NestFactory.createApplicationContext(Publisher, { logger: ['error', 'warn'], abortOnError: false });
}

async function makeRunsTable(database: TestDatabase): Promise<void> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    await owner.query(RUNS_TABLE);
  } finally {
    await owner.end();
  }
}

async function withoutPostgres({ url, adminUrl }: TestDatabase, work: () => Promise<void>): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`alter database ${name} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await work();
  } finally {
    await admin.query(`alter database ${name} allow_connections true`);
    await admin.end();
  }
}

const addresses = (database: TestDatabase, redis: TestRedis) => ({
  DATABASE_URL: database.url,
  DATABASE_SYSTEM_URL: database.systemUrl,
  REDIS_URL: redis.url,
});
