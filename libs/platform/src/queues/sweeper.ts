import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { SystemDatabase } from '../db/system-database.js';
import { Subscriptions } from './subscriptions.js';
import { Log } from '../telemetry/logger.js';
import { EventsConfig } from './events.config.js';
import { EventsQueue } from './events-queue.js';
import type { Delivery } from './inbox.js';
import { Loop } from './loop.js';
import { deadLetters, eventsRecovered, outboxLag } from './queue-metrics.js';

/** Events looked at in one turn; each that is still open costs one question to Redis. */
const BATCH = 500;

interface OpenRow {
  tenant_id: string;
  event_id: string;
  recorded_at: string;
  subscription: string;
}

/**
 * Settles what every subscription has ended, and gives what is still open. Open events get a new published_at:
 * the next turns look at others first, however long these stay open.
 */
const SWEEP = `
  with due as (
    select tenant_id, id, recorded_at, name from platform.outbox
    where settled_at is null and published_at < clock_timestamp() - $1::int * interval '1 millisecond'
    order by published_at limit $2 for update skip locked
  ), open as (
    select d.tenant_id, d.id, d.recorded_at, s.subscription
    from due d join unnest($3::text[], $4::text[]) as s (event, subscription) on s.event = d.name
    where not exists (
      select from platform.inbox i
      where (i.tenant_id, i.subscription, i.event_id, i.recorded_at) = (d.tenant_id, s.subscription, d.id, d.recorded_at)
        and (i.done_at is not null or i.dead_at is not null))
  ), ended as (
    update platform.outbox o
    set settled_at = case when w.is_open then null else clock_timestamp() end,
      published_at = case when w.is_open then clock_timestamp() else o.published_at end
    from (select d.*, exists (select from open p where p.id = d.id and p.tenant_id = d.tenant_id) as is_open from due d) w
    where (o.tenant_id, o.id, o.recorded_at) = (w.tenant_id, w.id, w.recorded_at)
    returning w.is_open
  )
  select tenant_id, id as event_id, recorded_at::text as recorded_at, subscription,
    (select count(*)::int from ended) as seen, (select count(*)::int from ended where not is_open) as settled
  from (select 1) one left join open on true`;

/** Which of these nobody has ended meanwhile. */
const STILL_OPEN = `
  select n::int from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) with ordinality
    as d (tenant_id, event_id, recorded_at, subscription, n)
  where not exists (
    select from platform.inbox i
    where (i.tenant_id, i.event_id, i.recorded_at, i.subscription) = (d.tenant_id, d.event_id, d.recorded_at, d.subscription)
      and (i.done_at is not null or i.dead_at is not null))`;

const MEASURE = `
  select
    coalesce((select extract(epoch from clock_timestamp() - recorded_at) from platform.outbox
      where published_at is null order by recorded_at limit 1), 0)::float8 as lag,
    (select count(*) from (select from platform.dead_letters limit 10000) d)::int as dead`;

/** Finds what Redis has forgotten: an emptied Redis, a failed-over one, a job dropped with its worker. */
@Injectable()
export class Sweeper {
  private readonly loop: Loop;

  constructor(
    private readonly database: SystemDatabase,
    private readonly queue: EventsQueue,
    private readonly subscriptions: Subscriptions,
    private readonly config: EventsConfig,
    private readonly log: Log,
  ) {
    this.loop = new Loop({
      name: 'The sweeper',
      turn: () => this.sweep(),
      idleMs: config.sweepMs,
      failedMaxMs: Math.max(5_000, config.sweepMs),
      log,
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Sweeps one batch; true when it was full and worth it, so that a long healthy queue is not asked through. */
  private async sweep(): Promise<boolean> {
    await this.measure();
    const pairs = this.subscriptions.pairs();
    const values = [
      this.config.sweepAfterMs,
      BATCH,
      pairs.map((one) => one.event),
      pairs.map((one) => one.subscription),
    ];

    return this.database.transaction(async (client) => {
      const { rows } = await client.query<OpenRow & { seen: number; settled: number }>(SWEEP, values);
      const { seen = 0, settled = 0 } = rows[0] ?? {};
      const restored = await this.restore(
        client,
        rows.filter((row) => row.event_id !== null).map(deliveryOf),
      );
      return seen === BATCH && settled + restored > 0;
    });
  }

  private async restore(client: PoolClient, open: readonly Delivery[]): Promise<number> {
    const missing = await this.queue.missing(open);
    if (missing.length === 0) return 0;

    // A job is missing too when its event was handled since we looked.
    const { rows } = await client.query<{ n: number }>(STILL_OPEN, [
      missing.map((one) => one.tenantId),
      missing.map((one) => one.eventId),
      missing.map((one) => one.recordedAt),
      missing.map((one) => one.subscription),
    ]);
    const lost = rows.map((row) => missing[row.n - 1]!);
    if (lost.length === 0) return 0;
    await this.queue.replace(lost);
    eventsRecovered.inc(lost.length);
    this.log.warn({ lost: lost.length }, 'Redis had lost deliveries; they have been added again.');
    return lost.length;
  }

  private async measure(): Promise<void> {
    const [measured] = await this.database.query<{ lag: number; dead: number }>(MEASURE);
    outboxLag.set(measured?.lag ?? 0);
    deadLetters.set(measured?.dead ?? 0);
  }
}

const deliveryOf = (row: OpenRow): Delivery => ({
  tenantId: row.tenant_id,
  eventId: row.event_id,
  recordedAt: row.recorded_at,
  subscription: row.subscription,
});
