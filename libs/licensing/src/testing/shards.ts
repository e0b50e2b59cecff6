import type { Redis } from 'ioredis';
import { generationKey, SHARD_NUMBERS } from '../seats/pool-keys.js';

/** What a worker does with an empty Redis at its first start: until then no seat script answers. */
export async function openShards(redis: Redis, generation = 1): Promise<void> {
  await Promise.all(SHARD_NUMBERS.map((shard) => redis.set(generationKey(shard), generation)));
}
