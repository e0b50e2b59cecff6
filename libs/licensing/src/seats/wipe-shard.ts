import { Cluster, type Redis } from 'ioredis';

/** Takes away what is left in a shard that came out of an old backup: it holds seats that have been released since. */
export async function wipeShard(
  redis: Redis | Cluster,
  prefix: string,
  except: readonly string[],
): Promise<void> {
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
  for (const node of nodes) {
    for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
      const [next, keys] = await node.scan(cursor, 'MATCH', `${literally(prefix)}*`, 'COUNT', 1_000);
      cursor = next;
      for (const key of keys) if (!except.includes(key)) await redis.unlink(key);
    }
  }
}

/** Of a pattern that SCAN takes. */
const literally = (text: string) => text.replace(/[\\*?[\]]/g, '\\$&');
