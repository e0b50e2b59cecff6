import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type RedisConfig, RedisClients } from '#platform';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import type { TermsPatch } from '../domain/terms.js';
import { ledgerKey, policyKey, shardOf } from '../seats/pool-keys.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import type { SeatAnswer } from '../seats/seat-answer.js';
import type { Caller, SeatPool } from '../seats/seat-pool.js';
import { newSeatId, type SeatGrant } from '../seats/session-id.js';
import { aPolicy } from './policies.js';
import { seatPoolOver } from './pools.js';
import { openShards } from './shards.js';

export const aDevice = (): string => randomBytes(16).toString('hex');

const NOBODY: Caller = { userId: null, sessionId: null, traceId: 'trace', address: null };

/** A pool of seats in a Redis of its own, and what tests do with one. */
export class SeatBench {
  private readonly connections: RedisClients[] = [];
  readonly pool: SeatPool;

  private constructor(
    readonly server: TestRedis,
    readonly redis: Redis,
  ) {
    this.pool = this.another();
  }

  static async open(): Promise<SeatBench> {
    const server = await testRedis();
    const redis = new Redis(server.url);
    await openShards(redis);
    return new SeatBench(server, redis);
  }

  /** The same pools, as another process reaches them. */
  another(): SeatPool {
    const clients = new RedisClients({ url: this.server.url } as RedisConfig);
    this.connections.push(clients);
    return seatPoolOver(clients);
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    for (const one of this.connections) one.onApplicationShutdown();
    await this.server.drop();
  }

  /** A pool of a new licence; `ttlMs`: its seats lapse after it, whatever the mode says. */
  async opened(
    terms: TermsPatch = {},
    change: Partial<Omit<PoolPolicy, 'terms'>> = {},
    ttlMs?: number,
  ): Promise<PoolPolicy> {
    const policy = aPolicy(change, terms);
    await this.pool.setPolicy(policy);
    if (ttlMs) await this.redis.hset(policyKey(policy.licenseId), 'ttl', ttlMs);
    return policy;
  }

  /** Somebody asks for a seat; by the key alone unless `user` is said. */
  async acquire(
    { tenantId, licenseId }: PoolPolicy,
    by: { device?: string; user?: string; login?: string; isBound?: boolean } = {},
    pool = this.pool,
  ): Promise<{ grant: SeatGrant; answer: SeatAnswer }> {
    const grant = { tenantId, licenseId, device: by.device ?? aDevice(), seatId: newSeatId() };
    const caller = { ...NOBODY, userId: by.user ?? null, sessionId: by.login ?? null };
    const { knownPolicy: _, ...answer } = await pool.acquire(grant, !by.user, caller, by.isBound);
    return { grant: answer.outcome === 'held' ? { ...grant, seatId: answer.seatId } : grant, answer };
  }

  /** `says`: what the ledger says of a seat that Redis does not know; left out: it has not been asked. */
  async beat(grant: SeatGrant, says?: 'open' | 'lapsed', pool = this.pool): Promise<SeatAnswer> {
    const answer = await pool.heartbeat(grant);
    if (answer.outcome !== 'late') return answer;
    const late = await pool.comeBack(grant, NOBODY);
    if (late.outcome !== 'unknown' || !says) return late;
    return pool.comeBack(grant, NOBODY, { history: says, generation: late.generation });
  }

  /** `told`: the ledger has been asked and knows no end of it. */
  async release(grant: SeatGrant, told = false, pool = this.pool): Promise<string> {
    return (await pool.release(grant, told, NOBODY)).outcome;
  }

  /** By Redis's clock, which alone decides. */
  async now(): Promise<number> {
    const [seconds, micros] = await this.redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }

  async reached(moment: number): Promise<void> {
    for (let left = 1; left > 0;) {
      left = moment - (await this.now());
      if (left > 0) await pause(left);
    }
  }

  /** What the ledger was told of a pool, oldest first. */
  async told(policy: PoolPolicy): Promise<string[]> {
    return (await this.entries(policy)).map((one) => `${one.get('change')} ${one.get('seat')}`);
  }

  /** The same by their fields. */
  async entries({ licenseId }: PoolPolicy): Promise<Map<string, string>[]> {
    const entries = await this.redis.xrange(ledgerKey(shardOf(licenseId)), '-', '+');
    return entries
      .map(([, flat]) => new Map(flat.map((one, i) => [one, flat[i + 1] ?? ''])))
      .filter((one) => one.get('license') === licenseId);
  }
}
