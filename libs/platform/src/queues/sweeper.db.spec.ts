import { Module } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { z } from 'zod';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { loadConfig } from '../config/config.js';
import { SystemDatabase } from '../db/system-database.js';
import { defineEvent } from '../events/event.js';
import { Handles } from '../events/handler.js';
import { EventsConfig } from './events.config.js';
import { type EventJob, EVENTS_QUEUE, EventsQueue, QUEUE_CONNECTION } from './events-queue.js';
import type { Delivery } from './inbox.js';
import { Sweeper } from './sweeper.js';
import { Subscriptions } from './subscriptions.js';

const THING_MADE = defineEvent('probe.thing.made', 1, z.object({}));
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const SETTINGS = new Map(
  Object.entries({ ENV: 'test', EVENTS_SWEEP_MS: '100', EVENTS_SWEEP_AFTER_MS: '60000' }),
);

@Handles('probe.count', THING_MADE)
class Counter {
  handle = () => Promise.resolve();
}

describe('Sweeper', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let owner: pg.Client;
  let system: SystemDatabase;
  let queue: Queue<EventJob>;
  let jobs: EventsQueue;
  let sweeper: Sweeper;
  let made = 0;

  beforeAll(async () => {
    [database, redis] = await Promise.all([testDatabase(), testRedis()]);
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    system = new SystemDatabase({
      url: database.url,
      systemUrl: database.systemUrl,
      poolSize: 2,
      plaintextAllowed: true,
      passwordlessAllowed: false,
    });
    queue = new Queue<EventJob>(EVENTS_QUEUE, { connection: new Redis(redis.url, QUEUE_CONNECTION) });
    jobs = new EventsQueue(queue);
    const settings = loadConfig([EventsConfig], {
      get: (name) => SETTINGS.get(name),
      names: () => SETTINGS.keys(),
    });
    const config = settings.of(EventsConfig);
    sweeper = new Sweeper(system, jobs, await subscriptions(config), config, SILENT);
    sweeper.start();
  });
  afterAll(async () => {
    await sweeper.stop();
    await queue.close();
    jobs.onApplicationShutdown();
    await system.onApplicationShutdown();
    await owner.end();
    await Promise.all([database.drop(), redis.drop()]);
  });

  async function subscriptions(config: EventsConfig): Promise<Subscriptions> {
    const settings = { provide: EventsConfig, useValue: config };
    @Module({ imports: [DiscoveryModule], providers: [settings, Subscriptions, Counter] })
    class Application {}
    const app = await NestFactory.createApplicationContext(Application, { logger: false });
    app.get(Subscriptions).discover();
    return app.get(Subscriptions);
  }

  /** An event that the relay has published; the sweeper looks for it when it is old enough. */
  async function published(minutesAgo: number): Promise<Delivery> {
    const eventId = `evt_${++made}`;
    const { rows } = await owner.query<{ at: string }>(
      `insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at, published_at)
       values ('ten_1', $1, $2, 1, '{}', 'system', '', now(), now() - make_interval(mins => $3)) returning recorded_at::text as at`,
      [eventId, THING_MADE.name, minutesAgo],
    );
    return { tenantId: 'ten_1', eventId, recordedAt: rows[0]!.at, subscription: 'probe.count' };
  }
  const grown = (one: Delivery) =>
    owner.query(`update platform.outbox set published_at = now() - interval '1 hour' where id = $1`, [
      one.eventId,
    ]);
  const stateOf = (one: Delivery) => queue.getJobState(`probe.count.${one.eventId}`);
  const isSettled = async (one: Delivery) => {
    const { rows } = await owner.query(
      'select from platform.outbox where id = $1 and settled_at is not null',
      [one.eventId],
    );
    return rows.length === 1;
  };
  const wasLookedAt = (one: Delivery) =>
    eventually(async () => {
      const { rows } = await owner.query(
        `select from platform.outbox where id = $1 and published_at > now() - interval '5 minutes'`,
        [one.eventId],
      );
      return rows.length === 1;
    });

  it('adds what Redis has lost', async () => {
    const one = await published(60);
    await eventually(async () => (await stateOf(one)) === 'waiting');
    expect((await queue.getJob(`probe.count.${one.eventId}`))?.data).toEqual({
      tenant_id: 'ten_1',
      event_id: one.eventId,
      recorded_at: one.recordedAt,
      subscription: 'probe.count',
    });
  });

  it('replaces a job that BullMQ keeps as failed, which adding alone would not', async () => {
    await queue.drain();
    const one = await published(0);
    await queue.add('probe.count', {} as EventJob, {
      jobId: `probe.count.${one.eventId}`,
      removeOnFail: false,
    });
    const connection = new Redis(redis.url, QUEUE_CONNECTION);
    const worker = new Worker(EVENTS_QUEUE, () => Promise.reject(new UnrecoverableError('no')), {
      connection,
    });
    await eventually(async () => (await stateOf(one)) === 'failed');
    await worker.close();
    connection.disconnect();
    await jobs.add([one]);
    expect(await stateOf(one)).toBe('failed');

    await grown(one);
    await eventually(async () => (await stateOf(one)) === 'waiting');
  });

  it('leaves a job alone that waits or is delayed', async () => {
    const one = await published(0);
    await queue.add('probe.count', {} as EventJob, { jobId: `probe.count.${one.eventId}`, delay: 3_600_000 });
    await grown(one);
    await wasLookedAt(one);
    expect(await stateOf(one)).toBe('delayed');
    expect(await isSettled(one)).toBe(false);
  });

  it('leaves an event alone that was published just now', async () => {
    const fresh = await published(0);
    const old = await published(60);
    await wasLookedAt(old);
    expect(await stateOf(fresh)).toBe('unknown');
  });

  it.each(['done_at', 'dead_at'])(
    'settles an event whose every subscription has ended (%s)',
    async (column) => {
      const one = await published(0);
      await owner.query(
        `insert into platform.inbox (tenant_id, subscription, event_id, recorded_at, ${column}) values ('ten_1', 'probe.count', $1, $2, now())`,
        [one.eventId, one.recordedAt],
      );
      await grown(one);
      await eventually(() => isSettled(one));
      expect(await stateOf(one)).toBe('unknown');
    },
  );

  it('is not held up by a thousand events that stay open', async () => {
    await owner.query(
      `insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at, published_at)
       select 'ten_2', 'evt_open_' || n, $1, 1, '{}', 'system', '', now(), now() - interval '1 day' from generate_series(1, 1000) n`,
      [THING_MADE.name],
    );
    const late = await published(60);
    await eventually(async () => (await stateOf(late)) === 'waiting');
    await eventually(async () => (await queue.getJobState('probe.count.evt_open_1000')) === 'waiting');
  });
});
