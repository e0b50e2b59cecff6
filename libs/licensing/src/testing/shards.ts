import type { Redis } from 'ioredis';
import { generationKey, SHARDS } from '../seats/pool-keys.js';

/** What a worker does with an empty Redis at its first start: until then no seat script answers. */
export async function openShards(redis: Redis, generation = 1): Promise<void> {
  await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) => redis.set(generationKey(shard), generation)),
  );
}
