import { Injectable } from '@nestjs/common';
import { Cluster, type Redis } from 'ioredis';
import { SystemDatabase, type TenantEraser } from '#platform';
import { poolsKey, shardOf, shardPrefix } from './pool-keys.js';
import { SeatScripts } from './seat-scripts.js';

const BATCH = 1_000;
/** No worker is away longer between the first time and the last; a seat that comes late comes within a minute. */
const NAMES_KEPT_SECONDS = 30 * 86_400;

/**
 * Takes the seats and quotas of a tenant that is gone out of Redis. What tells nothing of the tenant goes by itself: marks
 * of seats that ended, streams on their way to a ledger that will not take them.
 */
@Injectable()
export class ForgetPools implements TenantEraser {
  constructor(
    private readonly scripts: SeatScripts,
    private readonly system: SystemDatabase,
  ) {}

  async erase(tenantId: string): Promise<void> {
    const rows = await this.system.query<{ id: string }>(
      'select id from licensing.licenses where tenant_id = $1',
      [tenantId],
    );
    const licenses = await this.named(
      tenantId,
      rows.map((row) => row.id),
    );
    if (licenses.size === 0) return;
    await this.forgetKeys(licenses);
    for (const shard of new Set([...licenses].map(shardOf))) await this.forgetDue(shard, licenses);
  }

  /** These and those of the times before: when this is called last, their rows have gone. */
  private async named(tenantId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { redis } = this.scripts;
    const key = `erasing:${tenantId}`;
    if (ids.length > 0) {
      await redis.sadd(key, ...ids);
      await redis.expire(key, NAMES_KEPT_SECONDS);
    }
    return new Set(await redis.smembers(key));
  }

  /** One look at all keys for all licences: it is as long for a thousand as for one. */
  private async forgetKeys(licenses: ReadonlySet<string>): Promise<void> {
    const { redis } = this.scripts as { redis: Redis | Cluster };
    const prefixes = new Map([...licenses].map((id) => [`${shardPrefix(shardOf(id))}${id}`, id]));
    for (const node of redis instanceof Cluster ? redis.nodes('master') : [redis]) {
      for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
        const [next, keys] = await node.scan(cursor, 'MATCH', 'seats:*', 'COUNT', BATCH);
        cursor = next;
        for (const key of keys) if (prefixes.has(key.split(':', 3).join(':'))) await redis.unlink(key);
      }
    }
  }

  /** The pools of a shard that something is due in. */
  private async forgetDue(shard: number, licenses: ReadonlySet<string>): Promise<void> {
    const { redis } = this.scripts;
    for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
      const [next, pairs] = await redis.zscan(poolsKey(shard), cursor, 'COUNT', BATCH);
      cursor = next;
      const ours = pairs.filter((one, at) => at % 2 === 0 && one.split(' ').some((id) => licenses.has(id)));
      if (ours.length > 0) await redis.zrem(poolsKey(shard), ...ours);
    }
  }
}
