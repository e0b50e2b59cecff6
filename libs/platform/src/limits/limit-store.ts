import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Counter } from 'prom-client';
import { type RateLimiterAbstract, RateLimiterRedis } from 'rate-limiter-flexible';
import { RedisClients } from '../redis/redis-clients.js';
import { Log } from '../telemetry/logger.js';
import { BoundedMemory } from './bounded-memory.js';
import { Limits } from './limits.config.js';

/** About 10 MB when full. */
const MAX_KEYS_IN_PROCESS = 20_000;
const PROBE_EVERY_MS = 500;

const countedInProcess = new Counter({
  name: 'limits_store_unavailable_total',
  help: 'Counts of rate limits kept in this process because Redis did not answer.',
});

/** How often a key was counted in its window, and when the window ends. */
export interface Count {
  points: number;
  endsInMs: number;
}

/**
 * Where rate limits are counted: in Redis, so that all processes share the budgets. While Redis is away each
 * process counts for itself, with the same budgets and from zero: calls are neither refused nor unlimited. One
 * warning an outage; no call waits for Redis once it is known to be away.
 */
@Injectable()
export class LimitStore implements OnModuleInit, OnApplicationShutdown {
  private readonly client: Redis;
  private readonly redis: RateLimiterRedis;
  private readonly memory: BoundedMemory;
  private away = false;
  private isClosed = false;
  private probing: NodeJS.Timeout | undefined;

  constructor(
    clients: RedisClients,
    limits: Limits,
    private readonly log: Log,
  ) {
    this.client = clients.for('limits');
    // `points` is the library's own limit, which is not used: budgets compare for themselves.
    const options = { keyPrefix: 'limits', points: 1, duration: limits.windowSeconds };
    this.redis = new RateLimiterRedis({ ...options, storeClient: this.client, rejectIfRedisNotReady: true });
    this.memory = new BoundedMemory({ ...options, max: MAX_KEYS_IN_PROCESS });
  }

  /** Waits for the connection's first answer, so that the first calls are counted where all others are. */
  async onModuleInit(): Promise<void> {
    await this.client.ping().catch((error: unknown) => this.lost(error));
  }

  onApplicationShutdown(): void {
    this.isClosed = true;
    clearTimeout(this.probing);
  }

  /** Counts one call; the first one opens the window. */
  async count(key: string): Promise<Count> {
    const result = await this.run((counts) => counts.penalty(key));
    return { points: result.consumedPoints, endsInMs: result.msBeforeNext };
  }

  /** The points of a key, 0 when it has none. */
  async read(key: string): Promise<number> {
    return (await this.run((counts) => counts.get(key)))?.consumedPoints ?? 0;
  }

  /** Sets the points of a key, for so many whole seconds from now. */
  async write(key: string, points: number, seconds: number): Promise<void> {
    await this.run((counts) => counts.set(key, points, seconds));
  }

  private async run<T>(operation: (counts: RateLimiterAbstract) => Promise<T>): Promise<T> {
    if (!this.away) {
      try {
        return await operation(this.redis);
      } catch (error) {
        this.lost(error);
      }
    }
    countedInProcess.inc();
    return operation(this.memory);
  }

  private lost(error: unknown): void {
    if (this.away) return;
    this.away = true;
    this.log.warn({ error }, 'Redis does not answer: rate limits are counted in this process until it does.');
    this.probeLater();
  }

  private probeLater(): void {
    if (this.isClosed) return;
    this.probing = setTimeout(() => void this.probe(), PROBE_EVERY_MS);
    this.probing.unref();
  }

  /** A write: a Redis that is full or read-only answers a PING. */
  private async probe(): Promise<void> {
    try {
      await this.redis.penalty('probe');
    } catch {
      this.probeLater();
      return;
    }
    this.away = false;
    this.log.info({}, 'Redis answers again: rate limits are counted there.');
  }
}
