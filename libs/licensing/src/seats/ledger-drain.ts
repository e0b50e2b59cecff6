import { Injectable, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Actor, Db, describeError, Log, occurred, RedisClients, SystemDatabase } from '#platform';
import { type SEAT_CHANGES, SeatsRecorded } from '../events/index.js';
import { type LedgerEntry, SeatLedger } from '../persistence/seat-ledger.js';
import { goneKey, ledgerKey, poolsKey, SHARDS } from './pool-keys.js';
import { SeatPool } from './seat-pool.js';

/** How often the streams are looked at, in ms: an audit entry has to be readable within 3 s of its cause. */
const POLL_MS = 200;
/** Pools that nobody touches are asked for lapses this often, in ms. */
const SWEEP_MS = 5_000;
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
  private stopping = false;
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();
  private sweptAt = -SWEEP_MS;

  constructor(
    clients: RedisClients,
    private readonly system: SystemDatabase,
    private readonly db: Db,
    private readonly ledger: SeatLedger,
    private readonly pool: SeatPool,
    private readonly log: Log,
  ) {
    this.redis = clients.for('seats');
  }

  onApplicationBootstrap(): void {
    this.running = this.loop();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.running;
  }

  /** One pass over every shard; gives how many entries were moved. */
  async drain(): Promise<number> {
    const lengths = await this.redis.pipeline(shards.map((shard) => ['xlen', ledgerKey(shard)])).exec();
    let moved = 0;
    for (const shard of shards) {
      if (Number(lengths?.[shard]?.[1] ?? 0) > 0) moved += await this.drainShard(shard);
    }
    return moved;
  }

  /** Tells the ledger of seats that lapsed in pools nobody touches. */
  async sweep(): Promise<void> {
    for (const shard of shards) {
      const [seconds, micros] = await this.redis.time();
      const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
      const due = await this.redis.zrangebyscore(poolsKey(shard), '-inf', now, 'LIMIT', 0, BATCH);
      for (const licenseId of due) {
        const left = await this.pool.sweep(licenseId);
        // Its policy has expired from Redis; the next acquire or heartbeat brings it back and reclaims by itself.
        if (left < 0) await this.redis.zrem(poolsKey(shard), licenseId);
      }
    }
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      let moved = 0;
      try {
        if (performance.now() - this.sweptAt > SWEEP_MS) {
          this.sweptAt = performance.now();
          await this.sweep();
        }
        moved = await this.drain();
      } catch (error) {
        this.log.warn({ error: describeError(error) }, 'The seat ledger could not be drained; trying again.');
      }
      if (moved < BATCH) await this.pause(POLL_MS);
    }
  }

  private async drainShard(shard: number): Promise<number> {
    return this.system.transaction(async (client) => {
      const lock = await client.query('select pg_try_advisory_xact_lock($1, $2) as mine', [LOCK_CLASS, shard]);
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

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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
