import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { RedisConfig, urlsOf } from './redis.config.js';

export type RedisPurpose = 'seats' | 'queues' | 'limits' | 'nonces';

/** Longer than a failover pings, shorter than a client waits: then the caller hears 503, in ms. */
const COMMAND_TIMEOUT_MS = 2_000;
/** A Redis that holds the line and says nothing: the connection is given up, and with it what waits on it, in ms. */
const SILENCE_MS = 3_000;

const QUICK: RedisOptions = {
  commandTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
};
/** What every call asks of Redis: commands of one turn of the event loop go out in one write. */
const PIPELINED: ReadonlySet<RedisPurpose> = new Set(['seats', 'limits']);
const retryStrategy = (attempt: number) => Math.min(attempt * 50, 1_000);

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
    const isCluster = purpose === 'seats' && this.config.seatsCluster;
    const client = isCluster
      ? this.openCluster(purpose)
      : this.open(purpose, { ...QUICK, enableAutoPipelining: PIPELINED.has(purpose) });
    this.clients.set(purpose, client);
    return client;
  }

  /** Speaks like one connection, as long as the keys of a command are on one node. */
  private openCluster(purpose: RedisPurpose): Redis {
    const urls = urlsOf(this.url(purpose)).map((one) => new URL(one));
    const [{ username, password, protocol }] = urls as [URL];
    const cluster = new Cluster(
      urls.map(({ hostname, port }) => ({ host: hostname, port: Number(port || 6379) })),
      {
        clusterRetryStrategy: retryStrategy,
        // Who asks while no node answers hears it at once, instead of waiting for the cluster.
        enableOfflineQueue: false,
        redisOptions: {
          ...QUICK,
          connectionName: `gatehouse-${purpose}`,
          username: decodeURIComponent(username) || undefined,
          password: decodeURIComponent(password) || undefined,
          tls: protocol === 'rediss:' ? {} : undefined,
        },
      },
    );
    cluster.on('error', () => undefined);
    return cluster as unknown as Redis;
  }

  /** A connection of the caller's own, for blocking reads and subscriptions. The caller closes it. */
  open(purpose: RedisPurpose, options: RedisOptions = {}): Redis {
    const client = new Redis(this.url(purpose), {
      connectionName: `gatehouse-${purpose}`,
      retryStrategy,
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
