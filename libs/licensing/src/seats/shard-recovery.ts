import { Injectable } from '@nestjs/common';
import { Actor, BackgroundLoop, Db, Log, occurred, SystemDatabase, unlessClosed } from '#platform';
import type { PoolClient } from 'pg';
import { SeatsForgotten } from '../events/index.js';
import { type HeldSeatRow, HeldSeats } from '../persistence/held-seats.js';
import { generationKey, ledgerKey, poolKeys, recoveryKey, SHARD_NUMBERS, shardPrefix } from './pool-keys.js';
import { SeatScripts } from './seat-scripts.js';
import { SeatTimes } from './seat-times.js';
import { wipeShard } from './wipe-shard.js';

/** How often the generations are looked at, in ms: so long nobody can be told anything after a loss. */
const POLL_MS = 200;
const FAILED_MAX_MS = 2_000;
const BATCH = 500;
/** Any number, as long as no other lock uses it; the shard is the second half. */
const LOCK_CLASS = 7_264_813;
const RESTORE_CLASS = 7_264_814;

interface ShardRow {
  generation: number;
  noticedAt: Date | null;
  restored: boolean;
  drainedAt: Date | null;
}

/**
 * Notices that Redis has lost a shard, and opens it again: docs/decisions/seats.md says why nobody can then be over a
 * limit. One worker does it; Postgres knows of which generation each shard has to be.
 */
@Injectable()
export class ShardRecovery extends BackgroundLoop {
  /** As Postgres said last; what agrees with Redis needs no question. */
  private readonly known = new Map<number, ShardRow>();

  constructor(
    private readonly scripts: SeatScripts,
    private readonly system: SystemDatabase,
    private readonly db: Db,
    private readonly held: HeldSeats,
    private readonly times: SeatTimes,
    private readonly log: Log,
  ) {
    super({
      name: 'The watch over the shards of seats',
      idleMs: POLL_MS,
      failedMaxMs: FAILED_MAX_MS,
      log,
    });
  }

  /** A worker that says it is ready has opened the shards, unless Redis is away. */
  override async onApplicationBootstrap(): Promise<void> {
    await this.turn().catch(() => undefined);
    await super.onApplicationBootstrap();
  }

  /** One look at every shard. */
  async turn(): Promise<void> {
    const generations = await Promise.all(SHARD_NUMBERS.map((shard) => this.generationIn(shard)));
    for (const shard of SHARD_NUMBERS) {
      const known = this.known.get(shard);
      if (known?.restored && known.generation === generations[shard]) continue;
      await this.look(shard);
    }
  }

  private async generationIn(shard: number): Promise<number> {
    return Number((await this.scripts.redis.get(generationKey(shard))) ?? 0);
  }

  private async look(shard: number): Promise<void> {
    const [row, there] = await this.system.transaction(async (client) => {
      await client.query('select pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, shard]);
      // Read again: another worker may have opened it while we waited.
      const found = await this.generationIn(shard);
      return [await this.decide(client, shard, found), found] as const;
    });
    this.known.set(shard, row);
    if (there < row.generation) await this.open(shard, row, there);
    if (!row.restored) await this.restoreOnce(shard, row);
  }

  /** What Postgres says from now on. It is committed before Redis is opened, so that no generation is used twice. */
  private async decide(client: PoolClient, shard: number, there: number): Promise<ShardRow> {
    const { rows } = await client.query<ShardRow>(
      `select generation, noticed_at as "noticedAt", restored, drained_at as "drainedAt"
       from licensing.seat_shards where shard = $1`,
      [shard],
    );
    const row = rows[0];
    if (row && there === row.generation) return row;
    const isLoss = row !== undefined && there < row.generation;
    // Nothing was there before, or Postgres is older than Redis and has nothing to say about it.
    const next = isLoss ? row.generation + 1 : Math.max(there, 1);
    const { rows: written } = await client.query<ShardRow>(
      `insert into licensing.seat_shards as s (shard, generation, noticed_at, restored) values ($1, $2, $3, $4)
       on conflict (shard) do update set generation = excluded.generation, noticed_at = excluded.noticed_at,
         restored = excluded.restored
       returning generation, noticed_at as "noticedAt", restored, drained_at as "drainedAt"`,
      [shard, next, isLoss ? new Date() : null, !isLoss],
    );
    return written[0]!;
  }

  private async open(shard: number, row: ShardRow, there: number): Promise<void> {
    if (!row.restored) {
      this.log.warn(
        { shard, generation: row.generation, drainedAt: row.drainedAt },
        'Redis has lost a shard of seats: held seats return by heartbeat, new ones wait.',
      );
    }
    if (there > 0) {
      // From here on nobody believes what came out of the backup.
      await this.scripts.redis.del(generationKey(shard));
      await wipeShard(this.scripts.redis, shardPrefix(shard), [ledgerKey(shard)]);
    }
    const { returnsAfter, ttl } = this.times;
    const waits = row.restored ? [0, 0] : [returnsAfter, ttl];
    await this.scripts.run(
      'open-shard',
      [generationKey(shard), recoveryKey(shard)],
      [row.generation, ...waits],
    );
  }

  /** By one worker; the others see that it was done. */
  private async restoreOnce(shard: number, row: ShardRow): Promise<void> {
    const restored = await this.system.transaction(async (client) => {
      const lock = await client.query('select pg_try_advisory_xact_lock($1, $2) as mine', [
        RESTORE_CLASS,
        shard,
      ]);
      if (!(lock.rows[0] as { mine: boolean }).mine || !(await this.restore(shard, row))) return false;
      await client.query(
        'update licensing.seat_shards set restored = true where shard = $1 and generation = $2',
        [shard, row.generation],
      );
      return true;
    });
    if (restored) this.known.set(shard, { ...row, restored: true });
    else this.known.delete(shard);
  }

  /** Puts back what the ledger knows as held, once every process has written down what it remembered. */
  private async restore(shard: number, row: ShardRow): Promise<boolean> {
    await this.scripts.learn(shard, row.generation);
    if (((await this.scripts.run('closed-for', [recoveryKey(shard)], [])) as number) > 0) return false;
    for (let after: HeldSeatRow | null = null, isMore = true; isMore;) {
      const page: HeldSeatRow[] = await this.held.page(shard, after, BATCH);
      for (const [licenseId, seats] of Map.groupBy(page, (one) => one.licenseId)) {
        if (!(await this.putBack(licenseId, seats))) return false;
      }
      after = page.at(-1) ?? null;
      isMore = page.length === BATCH;
    }
    await this.scripts.run('reopen-shard', [generationKey(shard), recoveryKey(shard)], [row.generation]);
    await this.tellGap(shard, row);
    return true;
  }

  /** False while the shard is still closed. */
  private async putBack(licenseId: string, seats: readonly HeldSeatRow[]): Promise<boolean> {
    const args = seats.flatMap((seat) => [
      seat.seatId,
      seat.device,
      infoOf(seat),
      seat.expiresAt?.getTime() ?? 0,
    ]);
    const [word] = await this.scripts.ask('restore', licenseId, poolKeys(licenseId), [
      licenseId,
      seats[0]!.tenantId,
      this.times.ttl,
      ...args,
    ]);
    return word !== 'CLOSED';
  }

  /** What was told after the last entry that was drained is missing from the trail: that is told, too. */
  private async tellGap(shard: number, row: ShardRow): Promise<void> {
    const noticedAt = row.noticedAt ?? new Date();
    const payload = {
      shard,
      generation: row.generation,
      recordedUntil: row.drainedAt?.toISOString() ?? null,
      noticedAt: noticedAt.toISOString(),
    };
    for (const tenantId of await this.held.tenants(shard)) {
      await this.db
        .transaction(Actor.system(tenantId, ''), () => {
          this.db.record([occurred(SeatsForgotten, payload, noticedAt)]);
          return Promise.resolve();
        })
        .catch(unlessClosed);
    }
  }
}

/** As pool-prelude.lua writes it: the user first. */
const infoOf = ({ userId, loginId, address, since }: HeldSeatRow) =>
  JSON.stringify({ user: userId, sid: loginId, address, since: since.getTime() });
