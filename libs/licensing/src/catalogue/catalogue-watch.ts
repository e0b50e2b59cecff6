import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Log, Loop, RedisClients, SystemDatabase } from '#platform';
import { catalogueKey, SHARDS } from '../seats/pool-keys.js';

/** A change of the catalogue agrees everywhere within a second of it. */
const POLL_MS = 250;
const FAILED_MAX_MS = 2_000;

/** Two workers may read different revisions and write in the other order: the higher stays. */
const RAISE = `
  if tonumber(redis.call('GET', KEYS[1]) or '-1') >= tonumber(ARGV[1]) then return 0 end
  redis.call('SET', KEYS[1], ARGV[1])
  return 1`;

type Scripted = Redis & { catalogueRaise(key: string, revision: number): Promise<number> };

/**
 * Tells every shard of pools the catalogue's revision: a policy that was read at an older one is read again. Looked at
 * over and over, so that a Redis that was emptied is told as well.
 */
@Injectable()
export class CatalogueWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly redis: Scripted;
  private readonly loop: Loop;

  constructor(
    clients: RedisClients,
    private readonly database: SystemDatabase,
    log: Log,
  ) {
    this.redis = clients.for('seats') as Scripted;
    this.redis.defineCommand('catalogueRaise', { numberOfKeys: 1, lua: RAISE });
    this.loop = new Loop({
      name: 'The watch of the catalogue',
      turn: async () => {
        await this.tell();
        return false;
      },
      idleMs: POLL_MS,
      failedMaxMs: FAILED_MAX_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  /** One look; gives how many shards did not know. */
  async tell(): Promise<number> {
    const [row] = await this.database.query<{ revision: number }>('select revision from licensing.catalogue');
    const revision = row?.revision ?? 0;
    const told = await Promise.all(
      shards.map((shard) => this.redis.catalogueRaise(catalogueKey(shard), revision)),
    );
    return told.filter((one) => one === 1).length;
  }
}

const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
