import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DomainError, RedisClients } from '#platform';
import { policyKey, poolKeys, poolsKey } from './pool-keys.js';
import { type PoolPolicy, SEAT_TTL_MS } from './pool-policy.js';
import type { SeatGrant } from './session-id.js';

/** Policies are read anew from Postgres this often, in seconds: whatever an event failed to tell ends then. */
const POLICY_TTL_SECONDS = 3_600;

export type SeatAnswer =
  | {
      outcome: 'held';
      seatId: string;
      expiresAt: Date;
      used: number;
      max: number | null;
      policy?: PoolPolicy;
    }
  | { outcome: 'full'; used: number; max: number; earliestExpiry: Date; freeInMs: number }
  | { outcome: 'blocked'; code: string }
  | { outcome: 'cold' | 'gone' | 'unknown' };

export interface Caller {
  userId: string | null;
  traceId: string;
  address: string | null;
}

type Script = (...args: (string | number)[]) => Promise<unknown>;
type Scripted = Redis &
  Record<'seatAcquire' | 'seatHeartbeat' | 'seatRelease' | 'seatSweep' | 'seatSetPolicy', Script>;

const source = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');

/** The pools of seats in Redis: one script a call, decided there, by Redis's clock. */
@Injectable()
export class SeatPool {
  private readonly redis: Scripted;

  constructor(clients: RedisClients) {
    this.redis = clients.for('seats') as Scripted;
    const prelude = source('pool-prelude');
    for (const name of ['acquire', 'heartbeat', 'release', 'sweep']) {
      const command = `seat${name[0]!.toUpperCase()}${name.slice(1)}`;
      this.redis.defineCommand(command, { numberOfKeys: 8, lua: prelude + source(name) });
    }
    this.redis.defineCommand('seatSetPolicy', { numberOfKeys: 1, lua: source('set-policy') });
  }

  /** A seat for a device: the one it holds already, or a new one, or a refusal. Throws 503 when Redis is away. */
  async acquire(wish: SeatGrant, byKeyAlone: boolean, caller: Caller): Promise<SeatAnswer> {
    const { licenseId, tenantId, device, seatId } = wish;
    const args = [licenseId, tenantId, device, seatId, byKeyAlone ? '1' : '0', ...callerArgs(caller)];
    return answer(await this.run('seatAcquire', licenseId, args));
  }

  /** Keeps a seat. `mayReturn`: the ledger knows of no release, so a forgotten or lapsed seat may be held again. */
  async heartbeat(seat: SeatGrant, mayReturn: boolean, caller: Caller): Promise<SeatAnswer> {
    const { licenseId, seatId, device } = seat;
    const args = [licenseId, seatId, device, mayReturn ? '1' : '0', ...callerArgs(caller)];
    return answer(await this.run('seatHeartbeat', licenseId, args));
  }

  /** Ends a seat for good. `unknown`: ask the ledger, then call again with `told`. */
  async release(
    seat: SeatGrant,
    told: boolean,
    caller: Caller,
  ): Promise<'released' | 'lapsed' | 'gone' | 'unknown'> {
    const { tenantId, licenseId, seatId, device } = seat;
    const args = [licenseId, tenantId, seatId, device, told ? '1' : '0', ...callerArgs(caller)];
    const [word] = (await this.run('seatRelease', licenseId, args)) as [string];
    return word.toLowerCase() as 'released' | 'lapsed' | 'gone' | 'unknown';
  }

  /** The pools of a shard in which something has lapsed, or will have by now; at most `limit`. */
  async due(shard: number, limit: number): Promise<{ tenantId: string; licenseId: string }[]> {
    const [seconds, micros] = await this.redis.time();
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    const members = await this.redis.zrangebyscore(poolsKey(shard), '-inf', now, 'LIMIT', 0, limit);
    return members.map((member) => {
      const [licenseId = '', tenantId = ''] = member.split(' ');
      return { tenantId, licenseId };
    });
  }

  /** Reclaims what has lapsed in a pool nobody touches, also when its policy has expired; gives how many are left. */
  async sweep({ tenantId, licenseId }: { tenantId: string; licenseId: string }): Promise<number> {
    return (await this.run('seatSweep', licenseId, [licenseId, tenantId])) as number;
  }

  /** The policy as the scripts see it, or null when it must be read from Postgres. */
  async policy(licenseId: string): Promise<PoolPolicy | null> {
    const raw = await this.reach(() => this.redis.hget(policyKey(licenseId), 'json'));
    return raw ? parsePolicy(raw) : null;
  }

  /** Puts a policy beside its pool, unless a newer one is there. */
  async setPolicy(policy: PoolPolicy): Promise<void> {
    const fields = {
      max: policy.maxSeats ?? -1,
      ttl: SEAT_TTL_MS,
      blocked: policy.blocked ?? '',
      expires: policy.expiresAt?.getTime() ?? 0,
      tenant: policy.tenantId,
      by_key: policy.keyActivation ? '1' : '0',
      json: JSON.stringify(policy),
    };
    const args = [policy.revision, POLICY_TTL_SECONDS, ...Object.entries(fields).flat()];
    await this.reach(() => this.redis.seatSetPolicy(policyKey(policy.licenseId), ...args));
  }

  private run(
    script: keyof Pick<Scripted, 'seatAcquire' | 'seatHeartbeat' | 'seatRelease' | 'seatSweep'>,
    licenseId: string,
    args: (string | number)[],
  ) {
    return this.reach(() => this.redis[script](...poolKeys(licenseId), ...args));
  }

  private async reach<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      throw seatsUnavailable(cause);
    }
  }
}

/** As every script takes it: user, trace id, address. */
const callerArgs = ({ userId, traceId, address }: Caller) => [userId ?? '', traceId, address ?? ''];

/** 503: nobody knows who holds what; a program goes on and asks again. */
export const seatsUnavailable = (cause: unknown): DomainError =>
  new DomainError('unavailable', 'SEATS_UNAVAILABLE', 'Seats cannot be decided now; go on and try again.', {
    retryAfterSeconds: 5,
    cause,
  });

function parsePolicy(json: string): PoolPolicy {
  const policy = JSON.parse(json) as Omit<PoolPolicy, 'expiresAt'> & { expiresAt: string | null };
  return { ...policy, expiresAt: policy.expiresAt ? new Date(policy.expiresAt) : null };
}

function answer(raw: unknown): SeatAnswer {
  const [word, ...rest] = raw as [string, ...(string | number)[]];
  switch (word) {
    case 'HELD': {
      const [seatId, expiry, used, max, policy] = rest as [
        string,
        number,
        number,
        number,
        string | undefined,
      ];
      return {
        outcome: 'held',
        seatId,
        expiresAt: new Date(Number(expiry)),
        used,
        max: max < 0 ? null : max,
        policy: policy === undefined ? undefined : parsePolicy(policy),
      };
    }
    case 'FULL': {
      const [used, max, earliest, now] = rest as [number, number, number, number];
      const freeInMs = Math.max(0, Number(earliest) - Number(now));
      return { outcome: 'full', used, max, earliestExpiry: new Date(Number(earliest)), freeInMs };
    }
    case 'BLOCKED':
      return { outcome: 'blocked', code: String(rest[0]) };
    default:
      return { outcome: word.toLowerCase() as 'cold' | 'gone' | 'unknown' };
  }
}
