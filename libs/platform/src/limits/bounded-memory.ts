import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

/** Counts in this process, for at most `max` keys: the key least recently used is forgotten first. */
export class BoundedMemory extends RateLimiterMemory {
  private readonly keys: LRUCache<string, true>;

  constructor(options: { keyPrefix: string; points: number; duration: number; max: number }) {
    super(options);
    this.keys = new LRUCache<string, true>({
      max: options.max,
      dispose: (_, key, reason) => {
        if (reason === 'evict') void super.delete(key);
      },
    });
  }

  override penalty(
    key: string,
    points?: number,
    options?: { customDuration?: number },
  ): Promise<RateLimiterRes> {
    this.keys.set(key, true);
    return super.penalty(key, points, options);
  }

  override set(key: string, points: number, seconds: number): Promise<RateLimiterRes> {
    this.keys.set(key, true);
    return super.set(key, points, seconds);
  }
}
