import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type pg from 'pg';
import { Log, Loop, SystemDatabase } from '#platform';
import { StreamDrain } from '../ledger/stream-drain.js';
import { type DrainedEntry, entryOf } from './ledger-entries.js';
import { goneKey, lapsedKey, ledgerKey, SHARD_NUMBERS } from './pool-keys.js';
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

/** Moves what the seat scripts wrote to the ledger in Postgres, each entry once by its id, and tells the bus. */
@Injectable()
export class LedgerDrain implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stream: StreamDrain<DrainedEntry>;
  private readonly loops: readonly Loop[];

  constructor(
    private readonly scripts: SeatScripts,
    system: SystemDatabase,
    private readonly recorder: SeatRecorder,
    private readonly pool: SeatPool,
    private readonly times: SeatTimes,
    log: Log,
  ) {
    this.stream = new StreamDrain({
      ...{
        redis: scripts.redis,
        system,
        keyOf: ledgerKey,
        lockClass: LOCK_CLASS,
        batch: BATCH,
        read: entryOf,
      },
      write: (client, shard, entries) => this.write(client, shard, entries),
      forget: (shard, entries) => this.forget(shard, entries),
    });
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
  drain(): Promise<number> {
    return this.stream.drain();
  }

  /** Tells the ledger of seats that lapsed in pools nobody touches; true when there is more to tell. */
  async sweep(): Promise<boolean> {
    let isMore = false;
    for (const shard of SHARD_NUMBERS) {
      const due = await this.pool.due(shard, BATCH);
      for (const pool of due) isMore = (await this.pool.sweep(pool)) > 0 || isMore;
      isMore ||= due.length === BATCH;
    }
    return isMore;
  }

  private async write(client: pg.PoolClient, shard: number, entries: readonly DrainedEntry[]): Promise<void> {
    for (const [tenantId, group] of Map.groupBy(entries, (one) => one.tenantId)) {
      await this.recorder.record(
        tenantId,
        shard,
        group.map((one) => one.entry),
      );
    }
    await client.query('update licensing.seat_shards set drained_at = $2 where shard = $1', [
      shard,
      entries.at(-1)?.entry.at,
    ]);
  }

  /** The ledger has them: they leave the stream; the marks of what has ended stay for those who asked before. */
  private async forget(shard: number, entries: readonly DrainedEntry[]): Promise<void> {
    const ids = entries.map((one) => one.streamId);
    const seats = entries
      .filter(({ entry }) => entry.change === 'released' || entry.change === 'ended')
      .map(({ entry }) => entry.seatId ?? '');
    const lapsed = entries.filter(({ entry }) => entry.change === 'lapsed');
    await Promise.all([
      this.scripts.run(
        'drained',
        [ledgerKey(shard), goneKey(shard)],
        [this.times.mark, ids.length, ...ids, ...seats],
      ),
      ...[...Map.groupBy(lapsed, ({ entry }) => entry.licenseId)].map(([licenseId, group]) =>
        this.scripts.redis.hdel(lapsedKey(licenseId), ...group.map((one) => one.entryId)),
      ),
    ]);
  }
}
