import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock, RedisClients } from '#platform';

export interface Activity {
  lastActiveAt: Date;
  address: string | null;
}

/** Sessions that a process takes notes of between two writes; those that come after it are noted the next time. */
const MAX_NOTED = 50_000;
/** A session that is idle for longer has ended, in seconds. */
const KEEP_SECONDS = 14 * 86_400;

/**
 * When sessions were last used. A request notes it in memory; every few seconds the notes go to Redis in one trip, as
 * `session:{id}` (S1-18). Without Redis a session's last refresh is what is known, which Postgres has.
 */
@Injectable()
export class SessionActivity {
  private readonly redis: Redis;
  private noted = new Map<string, { at: number; address: string | null }>();

  constructor(
    clients: RedisClients,
    private readonly clock: Clock,
  ) {
    this.redis = clients.for('nonces');
  }

  note(sessionId: string, address: string | null): void {
    if (this.noted.size >= MAX_NOTED && !this.noted.has(sessionId)) return;
    this.noted.set(sessionId, { at: this.clock.now().getTime(), address });
  }

  /** Writes what was noted. What cannot be written is dropped: newer notes will come. */
  async flush(): Promise<void> {
    if (this.noted.size === 0) return;
    const noted = this.noted;
    this.noted = new Map();
    const pipeline = this.redis.pipeline();
    for (const [id, { at, address }] of noted) {
      pipeline.hset(keyOf(id), 'last_active_at', at, 'address', address ?? '');
      pipeline.expire(keyOf(id), KEEP_SECONDS);
    }
    await pipeline.exec();
  }

  /** What Redis knows of these sessions, in their order; null where nothing, or where Redis is away. */
  async of(ids: readonly string[]): Promise<(Activity | null)[]> {
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.hmget(keyOf(id), 'last_active_at', 'address');
    const answers = await pipeline.exec().catch(() => null);
    return ids.map((_, i) => {
      const [error, values] = answers?.[i] ?? [];
      const [at, address] = (values ?? []) as (string | null)[];
      return error || !at ? null : { lastActiveAt: new Date(Number(at)), address: address || null };
    });
  }

  /** Removes what is known of sessions that have ended. */
  async forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.noted.delete(id);
    if (ids.length > 0) await this.redis.del(...ids.map(keyOf)).catch(() => undefined);
  }
}

const keyOf = (sessionId: string) => `session:${sessionId}`;
