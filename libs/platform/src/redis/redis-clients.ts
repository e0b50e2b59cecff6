import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { RedisConfig } from './redis.config.js';

export type RedisPurpose = 'seats' | 'queues' | 'limits' | 'nonces';

/** Longer than a failover pings, shorter than a client waits: then the caller hears 503, in ms. */
const COMMAND_TIMEOUT_MS = 2_000;

/** One connection for each purpose, opened at first use. */
@Injectable()
export class RedisClients implements OnApplicationShutdown {
  private readonly clients = new Map<RedisPurpose, Redis>();

  constructor(private readonly config: RedisConfig) {}

  /** The URL that a purpose uses. */
  url(purpose: RedisPurpose): string {
    return this.config[`${purpose}Url`] ?? this.config.url;
  }

  /**
   * The shared connection of a purpose. Its commands fail within 2 s when Redis is away; they are not kept
   * for later, because whoever asked has gone by then.
   */
  for(purpose: RedisPurpose): Redis {
    const existing = this.clients.get(purpose);
    if (existing) return existing;
    const client = this.open(purpose, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
    this.clients.set(purpose, client);
    return client;
  }

  /** A connection of the caller's own, for blocking reads and subscriptions. The caller closes it. */
  open(purpose: RedisPurpose, options: RedisOptions = {}): Redis {
    const client = new Redis(this.url(purpose), {
      connectionName: `gatehouse-${purpose}`,
      retryStrategy: (attempt) => Math.min(attempt * 50, 1_000),
      ...options,
    });
    // ioredis reconnects by itself; without a listener each failed attempt is an unhandled error.
    client.on('error', () => undefined);
    return client;
  }

  onApplicationShutdown(): void {
    for (const client of this.clients.values()) client.disconnect();
  }
}
