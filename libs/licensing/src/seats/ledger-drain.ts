import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Actor, Db, Log, Loop, occurred, RedisClients, SystemDatabase } from '#platform';
import { type SEAT_CHANGES, SeatsRecorded } from '../events/index.js';
import { type LedgerEntry, SeatLedger } from '../persistence/seat-ledger.js';
import { goneKey, ledgerKey, SHARDS } from './pool-keys.js';
import { SeatPool } from './seat-pool.js';

/** How often the streams are looked at, in ms: an audit entry has to be readable within 3 s of its cause. */
const POLL_MS = 200;
/** Pools that nobody touches are asked for lapses this often, in ms. */
const SWEEP_MS = 5_000;
const FAILED_MAX_MS = 2_000;
const BATCH = 500;
/** Any number, as long as no other lock uses it; the shard is the second half. */
const LOCK_CLASS = 7_264_812;

type StreamEntry = [id: string, fields: string[]];

/**
 * Moves what the seat scripts wrote from Redis streams to the ledger in Postgres, and tells the bus. One worker
 * drains a shard at a time; an entry is deleted from its stream after the commit that holds it, so it is
 * written at least once and, by its id, only once.
 */
@Injectable()
export class LedgerDrain implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly redis: Redis;
  private readonly loops: readonly Loop[];

  constructor(
    clients: RedisClients,
    private readonly system: SystemDatabase,
    private readonly db: Db,
    private readonly ledger: SeatLedger,
    private readonly pool: SeatPool,
    log: Log,
  ) {
    this.redis = clients.for('seats');
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
    const lengths = await Promise.all(shards.map((shard) => this.redis.xlen(ledgerKey(shard))));
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

      const entries = (await this.redis.xrange(ledgerKey(shard), '-', '+', 'COUNT', BATCH)) as StreamEntry[];
      for (const [tenantId, group] of byTenant(shard, entries)) await this.record(tenantId, group);
      await this.forget(shard, entries);
      return entries.length;
    });
  }

  private async record(tenantId: string, entries: LedgerEntry[]): Promise<void> {
    const actor = Actor.system(tenantId, entries[0]?.traceId ?? '');
    await this.db.transaction(actor, async () => {
      const fresh = await this.ledger.append(entries);
      const last = fresh.at(-1);
      if (last) this.db.record([occurred(SeatsRecorded, { entries: fresh }, new Date(last.at))]);
    });
  }

  /** The ledger has them: drop them from the stream, and the tombstones of what was released. */
  private async forget(shard: number, entries: StreamEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const released = entries.map(([, fields]) => fieldsOf(fields)).filter((one) => one.change === 'released');
    const pipeline = this.redis.pipeline().xdel(ledgerKey(shard), ...entries.map(([id]) => id));
    if (released.length > 0) pipeline.hdel(goneKey(shard), ...released.map((one) => one.seat ?? ''));
    await pipeline.exec();
  }
}

const shards = Array.from({ length: SHARDS }, (_, shard) => shard);

function byTenant(shard: number, entries: readonly StreamEntry[]): Map<string, LedgerEntry[]> {
  const groups = new Map<string, LedgerEntry[]>();
  for (const [id, raw] of entries) {
    const fields = fieldsOf(raw);
    const entry: LedgerEntry = {
      ledgerId: `${shard}-${id}`,
      change: fields.change as (typeof SEAT_CHANGES)[number],
      licenseId: fields.license ?? '',
      seatId: fields.seat || null,
      device: fields.device ?? '',
      userId: fields.user || null,
      traceId: fields.trace ?? '',
      address: fields.address || null,
      count: Number(fields.count ?? 1),
      // A stream id begins with Redis's clock in ms.
      at: new Date(Number(id.split('-', 1)[0])).toISOString(),
    };
    const tenantId = fields.tenant ?? '';
    groups.set(tenantId, [...(groups.get(tenantId) ?? []), entry]);
  }
  return groups;
}

function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!;
  return fields;
}
