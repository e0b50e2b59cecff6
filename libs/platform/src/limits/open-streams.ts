import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Counter, Gauge } from 'prom-client';
import { DomainError } from '../errors/domain-error.js';
import { Loop } from '../queues/loop.js';
import { RedisClients } from '../redis/redis-clients.js';
import { Log } from '../telemetry/logger.js';
import { PlacesHeld } from './places-held.js';

/** Whose places are taken, and how many each may take at a time. */
export interface StreamLimits {
  /** What is streamed, for metrics and the log: `billing`. */
  stream: string;
  user: number;
  tenant: number;
  /** Of this process, whoever they are: what they keep in memory is bounded. */
  process: number;
}

export interface StreamHolder {
  tenantId: string;
  userId: string;
  traceId: string;
}

type Scope = 'user' | 'tenant' | 'process';

/** The places of a process that was killed are free after so many ms. */
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** Somebody may give one up at any time; sooner is no use. */
const RETRY_AFTER_SECONDS = 10;

const open = new Gauge({
  name: 'open_streams',
  help: 'Answers of this process that go on until somebody ends them.',
  labelNames: ['stream'] as const,
});
const refused = new Counter({
  name: 'streams_refused_total',
  help: 'Streams refused with 429 because too many are open, by whose.',
  labelNames: ['stream', 'scope'] as const,
});

type Places = Redis & { takePlace(...args: (string | number)[]): Promise<number> };

/** By Redis's clock. 0: taken; else which of the keys is full. */
const TAKE = `
  local t = redis.call('time')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  for i, key in ipairs(KEYS) do
    redis.call('zremrangebyscore', key, '-inf', now)
    if tonumber(ARGV[2]) ~= 0 and redis.call('zcard', key) >= tonumber(ARGV[2 + i]) then return i end
  end
  for _, key in ipairs(KEYS) do
    redis.call('zadd', key, now + ARGV[1], ARGV[5])
    redis.call('pexpire', key, ARGV[1])
  end
  return 0`;

/**
 * How many streams a user and a tenant hold open at a time, over all processes: places in Redis, kept by renewal. While
 * Redis is away, and until an emptied one has heard of all again, each process counts its own, with the same limits.
 */
@Injectable()
export class OpenStreams implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly redis: Places;
  private readonly held = new PlacesHeld();
  private readonly renewing: Loop;

  constructor(
    clients: RedisClients,
    private readonly log: Log,
  ) {
    this.redis = clients.for('limits') as Places;
    this.redis.defineCommand('takePlace', { numberOfKeys: 2, lua: TAKE });
    const turn = () => this.renew();
    this.renewing = new Loop({ name: 'The renewal of open streams', turn, idleMs: RENEW_MS, log });
  }

  onApplicationBootstrap(): void {
    this.renewing.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.renewing.stop();
  }

  /** Takes a place and gives what gives it back. Throws 429 `TOO_MANY_STREAMS`. */
  async take(limits: StreamLimits, holder: StreamHolder): Promise<() => void> {
    const { stream } = limits;
    const place = { id: randomUUID(), keys: keysOf(stream, holder) };
    if (this.held.total(stream) >= limits.process) throw this.refusal(limits, holder, 'process');
    const full = this.held.take(stream, place, [limits.user, limits.tenant]);
    if (full !== null) throw this.refusal(limits, holder, full);
    open.set({ stream }, this.held.total(stream));
    const giveBack = () => {
      if (!this.held.giveBack(stream, place)) return;
      open.set({ stream }, this.held.total(stream));
      for (const key of place.keys) this.redis.zrem(key, place.id).catch(() => undefined);
    };
    const answer = await this.redis
      .takePlace(...place.keys, LEASE_MS, 1, limits.user, limits.tenant, place.id)
      // Then this process's own count is all there is.
      .catch(() => 0);
    if (answer === 0) return giveBack;
    giveBack();
    throw this.refusal(limits, holder, answer === 1 ? 'user' : 'tenant');
  }

  /** Also what an emptied Redis has forgotten: nobody who has a place is asked to prove it. */
  private async renew(): Promise<void> {
    await Promise.all(
      this.held.all().map(({ id, keys }) => this.redis.takePlace(...keys, LEASE_MS, 0, 0, 0, id)),
    );
  }

  private refusal(limits: StreamLimits, holder: StreamHolder, scope: Scope): DomainError {
    const [{ stream }, limit] = [limits, limits[scope]];
    refused.inc({ stream, scope });
    this.log.warn(
      { stream, scope, limit, tenant_id: holder.tenantId, actor_id: holder.userId, trace_id: holder.traceId },
      'rate_limit.block',
    );
    return new DomainError('too_many', 'TOO_MANY_STREAMS', 'Too many streams are open; close one first.', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      details: { scope, limit },
    });
  }
}

const keysOf = (stream: string, { tenantId, userId }: StreamHolder): [user: string, tenant: string] => [
  `streams:${stream}:${tenantId}:${userId}`,
  `streams:${stream}:${tenantId}`,
];
