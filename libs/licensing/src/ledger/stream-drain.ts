import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { SystemDatabase } from '#platform';
import { SHARD_NUMBERS } from '../seats/pool-keys.js';

/** One entry of a stream: its id, and its fields by name. */
export interface StreamEntry {
  id: string;
  /** When it was written, by Redis's clock, epoch ms: what its id begins with. */
  at: number;
  fields: Readonly<Record<string, string>>;
}

interface StreamDrainOptions<Entry> {
  redis: Redis;
  system: SystemDatabase;
  keyOf: (shard: number) => string;
  /** Of the advisory lock that lets one worker at a time drain a shard; the shard is the other half. */
  lockClass: number;
  /** Entries a transaction. */
  batch: number;
  /** What an entry says. */
  read: (shard: number, entry: StreamEntry) => Entry;
  /** Puts entries into Postgres in the transaction of `client`. May be called again with the same ones. */
  write: (client: pg.PoolClient, shard: number, entries: readonly Entry[]) => Promise<void>;
  /** Deletes entries that Postgres has from their stream. */
  forget: (shard: number, entries: readonly Entry[]) => Promise<void>;
}

/**
 * Moves what scripts wrote from Redis streams, one a shard, to Postgres. One worker drains a shard at a time; entries are
 * deleted from their stream after the commit that holds them, so they are written at least once.
 */
export class StreamDrain<Entry> {
  constructor(private readonly options: StreamDrainOptions<Entry>) {}

  /** One pass over every shard; gives how many entries were moved. */
  async drain(): Promise<number> {
    const { redis, keyOf } = this.options;
    const lengths = await Promise.all(SHARD_NUMBERS.map((shard) => redis.xlen(keyOf(shard))));
    let moved = 0;
    for (const shard of SHARD_NUMBERS) if (lengths[shard]) moved += await this.drainShard(shard);
    return moved;
  }

  private async drainShard(shard: number): Promise<number> {
    const { system, lockClass, write, forget } = this.options;
    const entries = await system.transaction(async (client) => {
      const lock = await client.query('select pg_try_advisory_xact_lock($1, $2) as mine', [lockClass, shard]);
      if (!(lock.rows[0] as { mine: boolean }).mine) return [];
      const waiting = await this.waiting(shard);
      if (waiting.length > 0) await write(client, shard, waiting);
      return waiting;
    });
    if (entries.length > 0) await forget(shard, entries);
    return entries.length;
  }

  private async waiting(shard: number): Promise<Entry[]> {
    const { redis, keyOf, batch, read } = this.options;
    const raw = await redis.xrange(keyOf(shard), '-', '+', 'COUNT', batch);
    return raw.map(([id, flat]) =>
      read(shard, { id, at: Number(id.split('-', 1)[0]), fields: fieldsOf(flat) }),
    );
  }
}

function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!;
  return fields;
}
