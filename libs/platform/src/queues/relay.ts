import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '../db/system-database.js';
import { Subscriptions } from './subscriptions.js';
import { Log } from '../telemetry/logger.js';
import { EventsConfig } from './events.config.js';
import { EventsQueue } from './events-queue.js';
import { Loop } from './loop.js';
import { eventsPublished } from './queue-metrics.js';

interface ClaimedRow {
  tenant_id: string;
  id: string;
  recorded_at: string;
  name: string;
}

/**
 * Rows that another relay holds are skipped, so any number of relays share the work. Never "later than the last
 * one seen": a transaction that commits late hides behind those that began after it.
 */
const CLAIM = `
  select tenant_id, id, recorded_at::text as recorded_at, name from platform.outbox
  where published_at is null order by recorded_at limit $1 for update skip locked`;

const MARK = `
  update platform.outbox o
  set published_at = clock_timestamp(), settled_at = case when p.wanted then null else clock_timestamp() end
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::boolean[]) as p (tenant_id, id, recorded_at, wanted)
  where (o.tenant_id, o.id, o.recorded_at) = (p.tenant_id, p.id, p.recorded_at)`;

/** Takes events from the outbox to the queue. */
@Injectable()
export class Relay {
  private readonly loop: Loop;

  constructor(
    private readonly database: SystemDatabase,
    private readonly queue: EventsQueue,
    private readonly subscriptions: Subscriptions,
    private readonly config: EventsConfig,
    log: Log,
  ) {
    this.loop = new Loop({
      name: 'The relay',
      turn: () => this.publish(),
      idleMs: config.pollMs,
      failedMaxMs: 5_000,
      log,
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /**
   * Publishes one batch; true when there may be more. Jobs are added before the rows are marked: ended in
   * between, the next relay adds them again, and jobs and inbox both know their id.
   */
  private async publish(): Promise<boolean> {
    const { batchSize } = this.config;
    return this.database.transaction(async (client) => {
      const { rows } = await client.query<ClaimedRow>(CLAIM, [batchSize]);
      if (rows.length === 0) return false;

      const wanted = rows.map((row) => this.subscriptions.namesFor(row.name));
      await this.queue.add(
        rows.flatMap(({ tenant_id, id, recorded_at }, index) =>
          wanted[index]!.map((subscription) => ({
            tenantId: tenant_id,
            eventId: id,
            recordedAt: recorded_at,
            subscription,
          })),
        ),
      );
      await client.query(MARK, [
        rows.map((row) => row.tenant_id),
        rows.map((row) => row.id),
        rows.map((row) => row.recorded_at),
        wanted.map((names) => names.length > 0),
      ]);
      eventsPublished.inc(rows.length);
      return rows.length === batchSize;
    });
  }
}
