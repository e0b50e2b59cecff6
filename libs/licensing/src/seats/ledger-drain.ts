import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log, Loop, SystemDatabase } from '#platform';
import type { LedgerEntry } from '../persistence/seat-ledger.js';
import { entryOf, type StreamEntry } from './ledger-entries.js';
import { goneKey, lapsedKey, ledgerKey, SHARDS } from './pool-keys.js';
import { SeatPool } from './seat-pool.js';
import { SeatRecorder } from './seat-recorder.js';
import { SeatScripts } from './seat-scripts.js';
import { SeatTimes } from './seat-times.js';

/** How often the streams are looked at, in ms: an audit entry has to be readable within 3 s of its cause. */
const POLL_MS = 200;
/** Pools that nobody touches are asked for lapses this often, in ms. */
const SWEEP_MS = 5_000;
const FAILED_MAX_MS = 2_000;
const BATCH = 500;
/** Any number, as long as no other lock uses it; the shard is the second half. */
const LOCK_CLASS = 7_264_812;

/**
 * Moves what the seat scripts wrote from Redis streams to the ledger in Postgres, and tells the bus. One worker
 * drains a shard at a time; an entry is deleted from its stream after the commit that holds it, so it is
 * written at least once and, by its id, only once.
 */
@Injectable()
export class LedgerDrain implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: readonly Loop[];

  constructor(
    private readonly scripts: SeatScripts,
    private readonly system: SystemDatabase,
    private readonly recorder: SeatRecorder,
    private readonly pool: SeatPool,
    private readonly times: SeatTimes,
    log: Log,
  ) {
    const loop = (name: string, idleMs: number, turn: () => Promise<boolean>) =>
      new Loop({ name, idleMs, turn, failedMaxMs: FAILED_MAX_MS, log });
    this.loops = [
      loop('The drain of the seat ledger', POLL_MS, async () => (await this.drain()) >= BATCH),
      loop('The sweep of seats that lapsed', SWEEP_MS, () => this.sweep()),
    ];
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  /** One pass over every shard; gives how many entries were moved. */
  async drain(): Promise<number> {
    let moved = 0;
    const { redis } = this.scripts;
    const lengths = await Promise.all(shards.map((shard) => redis.xlen(ledgerKey(shard))));
    for (const shard of shards) if (lengths[shard]) moved += await this.drainShard(shard);
    return moved;
  }

  /** Tells the ledger of seats that lapsed in pools nobody touches; true when there is more to tell. */
  async sweep(): Promise<boolean> {
    let isMore = false;
    for (const shard of shards) {
      const due = await this.pool.due(shard, BATCH);
      for (const pool of due) isMore = (await this.pool.sweep(pool)) > 0 || isMore;
      isMore ||= due.length === BATCH;
    }
    return isMore;
  }

  private async drainShard(shard: number): Promise<number> {
    return this.system.transaction(async (client) => {
      const lock = await client.query('select pg_try_advisory_xact_lock($1, $2) as mine', [
        LOCK_CLASS,
        shard,
      ]);
      if (!(lock.rows[0] as { mine: boolean }).mine) return 0;

      const range = await this.scripts.redis.xrange(ledgerKey(shard), '-', '+', 'COUNT', BATCH);
      const raw = range as StreamEntry[];
      const entries = raw.map((one) => entryOf(shard, one));
      for (const [tenantId, group] of Map.groupBy(entries, (one) => one.tenantId)) {
        await this.recorder.record(
          tenantId,
          shard,
          group.map(({ tenantId: _, ...entry }) => entry),
        );
      }
      const last = entries.at(-1);
      if (last) {
        await client.query('update licensing.seat_shards set drained_at = $2 where shard = $1', [
          shard,
          last.at,
        ]);
      }
      await this.forget(shard, raw, entries);
      return raw.length;
    });
  }

  /** The ledger has them: they leave the stream; the marks of what has ended stay for those who asked before. */
  private async forget(
    shard: number,
    raw: readonly StreamEntry[],
    entries: readonly LedgerEntry[],
  ): Promise<void> {
    if (raw.length === 0) return;
    const ids = raw.map(([id]) => id);
    const ended = entries.filter((one) => one.change === 'released' || one.change === 'ended');
    const seats = ended.map((one) => one.seatId ?? '');
    const lapsed = entries.filter((one) => one.change === 'lapsed');
    await Promise.all([
      this.scripts.run(
        'drained',
        [ledgerKey(shard), goneKey(shard)],
        [this.times.mark, ids.length, ...ids, ...seats],
      ),
      ...[...Map.groupBy(lapsed, (one) => one.licenseId)].map(([licenseId, group]) =>
        this.scripts.redis.hdel(
          lapsedKey(licenseId),
          // Without the shard, as the scripts have it.
          ...group.map((one) => one.ledgerId.slice(one.ledgerId.indexOf('-') + 1)),
        ),
      ),
    ]);
  }
}

const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
