import { readFileSync } from 'node:fs';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  Actor,
  ClosedTenants,
  Db,
  Log,
  Loop,
  occurred,
  RedisClients,
  SystemDatabase,
  unlessClosed,
} from '#platform';
import { UsageRefused } from '../events/usage-events.js';
import { StreamDrain, type StreamEntry } from '../ledger/stream-drain.js';
import { addToTotals, type DrainedUse } from '../persistence/usage-totals.js';
import { SHARD_NUMBERS } from '../seats/pool-keys.js';
import { countersKey, refusalsKey, usageKey } from './quota-keys.js';
import { MINUTE_MS, otherRefusals, type Refusal, refusalOf, useOf } from './usage-stream.js';

/** How often the streams are looked at, in ms: what Redis loses between two looks may be granted again. */
const POLL_MS = 200;
/** The refusals of minutes that are over are looked for this often, in ms. */
const REFUSALS_MS = 5_000;
const FAILED_MAX_MS = 2_000;
const BATCH = 1_000;
/** Refusals in one event, its schema's bound. */
const REFUSALS_MAX = 500;
/** Any number, as long as no other lock uses it; the shard is the second half. */
const LOCK_CLASS = 7_264_815;

type Forgetful = Redis & { quotaForget(...args: string[]): Promise<number> };

/** Moves uses from Redis to the ledger in Postgres as sums, and tells the bus of what was refused. Runs in the worker. */
@Injectable()
export class UsageDrain implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly redis: Forgetful;
  private readonly stream: StreamDrain<StreamEntry>;
  private readonly loops: readonly Loop[];

  constructor(
    clients: RedisClients,
    system: SystemDatabase,
    private readonly db: Db,
    private readonly closed: ClosedTenants,
    log: Log,
  ) {
    this.redis = clients.for('seats') as Forgetful;
    const lua = readFileSync(new URL('./forget.lua', import.meta.url), 'utf8');
    this.redis.defineCommand('quotaForget', { numberOfKeys: 2, lua });
    this.stream = new StreamDrain({
      ...{ redis: this.redis, system, keyOf: usageKey, lockClass: LOCK_CLASS, batch: BATCH },
      read: (_shard, entry) => entry,
      write: async (client, shard, entries) => {
        const uses = await this.ofTheLiving(entries.map(useOf).filter((use) => use !== null));
        if (uses.length > 0) await addToTotals(client, uses);
        await this.tell(entries.map((one) => refusalOf(shard, one)).filter((one) => one !== null));
      },
      forget: (shard, entries) => this.forget(shard, entries),
    });
    const loop = (name: string, idleMs: number, turn: () => Promise<boolean>) =>
      new Loop({ name, idleMs, turn, failedMaxMs: FAILED_MAX_MS, log });
    this.loops = [
      loop('The drain of the usage ledger', POLL_MS, async () => (await this.drain()) >= BATCH),
      loop('The count of refused uses', REFUSALS_MS, () => this.tellRefusals().then(() => false)),
    ];
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  /** One pass over every shard; gives how many entries were moved. */
  drain(): Promise<number> {
    return this.stream.drain();
  }

  /** Tells how many were refused in minutes that are over. */
  async tellRefusals(): Promise<void> {
    for (const shard of SHARD_NUMBERS) {
      const counts = Object.entries(await this.redis.hgetall(refusalsKey(shard)));
      if (counts.length === 0) continue;
      const [seconds] = await this.redis.time();
      const minute = Math.floor((Number(seconds) * 1_000) / MINUTE_MS);
      const over = counts.filter(([field]) => Number(field.split(' ', 1)[0]) < minute);
      await this.tell(
        over
          .map(([field, count]) => otherRefusals(shard, field, Number(count)))
          .filter((one) => one !== null),
      );
      if (over.length > 0) await this.redis.hdel(refusalsKey(shard), ...over.map(([field]) => field));
    }
  }

  /** A tenant that was deleted has no ledger any more. The system role, which writes it, no policy stops. */
  private async ofTheLiving(uses: readonly DrainedUse[]): Promise<DrainedUse[]> {
    const closed = await this.closed.among([...new Set(uses.map((use) => use.tenant_id))]);
    return uses.filter((use) => !closed.has(use.tenant_id));
  }

  /** Maybe more than once: the id of each says which it is. */
  private async tell(refusals: readonly Refusal[]): Promise<void> {
    const byTenant = Map.groupBy(refusals, (one) => one.tenantId);
    for (const [tenantId, group] of byTenant) {
      const actor = Actor.system(tenantId, group[0]?.entry.traceId ?? '');
      await this.db
        .transaction(actor, async () => {
          for (let from = 0; from < group.length; from += REFUSALS_MAX) {
            const entries = group.slice(from, from + REFUSALS_MAX).map((one) => one.entry);
            this.db.record([occurred(UsageRefused, { entries }, new Date(entries.at(-1)!.at))]);
          }
        })
        .catch(unlessClosed);
    }
  }

  private async forget(shard: number, entries: readonly StreamEntry[]): Promise<void> {
    for (const [counters, group] of Map.groupBy(entries, (one) => one.fields.counters ?? '')) {
      await this.redis.quotaForget(
        ...[countersKey(shard), usageKey(shard), counters],
        ...group.map((one) => one.id),
      );
    }
  }
}
