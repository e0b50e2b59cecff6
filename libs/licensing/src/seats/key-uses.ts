import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Redis } from 'ioredis';
import { keyedHash, RedisClients } from '#platform';
import { LicensingConfig } from '../licensing.config.js';

/** About 15 MB when full. */
const REMEMBERED = 100_000;
/** A program asks daily; a month later its address is as good as new. */
const KEPT_SECONDS = 30 * 86_400;

/**
 * From which addresses which keys have been used: these go on, however many others guess. Kept for all processes as a
 * keyed hash of both, so that neither can be read from it.
 */
@Injectable()
export class KeyUses {
  private readonly mine = new LRUCache<string, true>({ max: REMEMBERED });
  private readonly redis: Redis;

  constructor(
    clients: RedisClients,
    private readonly config: LicensingConfig,
  ) {
    this.redis = clients.for('limits');
  }

  /** Whether this process has seen it; asks nobody. */
  has(address: string, keyHash: string): boolean {
    return this.mine.has(`${address} ${keyHash}`);
  }

  /** Whether any process has. False while Redis is away. */
  async everHad(address: string, keyHash: string): Promise<boolean> {
    const known = await this.redis.exists(this.nameOf(address, keyHash)).catch(() => 0);
    if (known > 0) this.mine.set(`${address} ${keyHash}`, true);
    return known > 0;
  }

  /** Waits for nobody: without Redis the other processes learn it another time. */
  note(address: string, keyHash: string): void {
    if (this.has(address, keyHash)) return;
    this.mine.set(`${address} ${keyHash}`, true);
    this.redis.set(this.nameOf(address, keyHash), 1, 'EX', KEPT_SECONDS).catch(() => undefined);
  }

  private nameOf(address: string, keyHash: string): string {
    const hash = keyedHash(this.config.lookupKey, 'key-use', address, keyHash);
    return `key-uses:${hash.subarray(0, 12).toString('base64url')}`;
  }
}
