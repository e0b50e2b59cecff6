import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DomainError, RedisClients } from '#platform';
import { parsePolicy, type PoolPolicy } from '../seats/pool-policy.js';
import { counterKeys, noKeysKey, recordKey, useKeys } from './quota-keys.js';
import type { Moved, Period, Window } from './windows.js';

/** One use of a meter as the script is asked for it. Times are epoch ms. */
export interface UseWish {
  tenantId: string;
  licenseId: string;
  meter: string;
  period: Period;
  amount: number;
  /** null: unlimited. */
  limit: number | null;
  /**
   * `ask`: counted unless it would go beyond the limit. `told`: it has happened. `look`: not counted. `refused`: Postgres
   * has refused it, and it is counted as that.
   */
  mode: 'ask' | 'told' | 'look' | 'refused';
  /** When it was used; null: now. */
  at: number | null;
  /** At most 64 printable characters without a space; null: it cannot be repeated. */
  idempotencyKey: string | null;
  /** Of the policy that the wish was made by. */
  stamp: string;
  /** When the licence expires; 0: never. */
  expires: number;
  /** The seat that proves it; null: something else does. */
  seatId: string | null;
  caller: { userId: string | null; traceId: string; address: string | null };
}

/** What the caller takes to be so; an answer puts right what is not. */
export interface Belief {
  zone: string;
  window: Window;
  /** The record that the window is meant to replace, after an answer `moved`. */
  from: string;
  /** The ledger was asked for the key and does not know it. */
  isKeyNew: boolean;
}

export type UseAnswer =
  | { outcome: 'counted' | 'exhausted' | 'look'; now: number; used: number; window: Window }
  | { outcome: 'replay'; used: number; limit: number | null; window: Window }
  | { outcome: 'cold'; now: number }
  | { outcome: 'seat' | 'reused' | 'range' }
  | { outcome: 'blocked'; code: string }
  | { outcome: 'stale'; now: number; policy: PoolPolicy; stamp: string }
  | { outcome: 'window'; now: number }
  | { outcome: 'moved'; now: number; was: Moved; from: string }
  | { outcome: 'restore'; counters: string; now: number }
  | { outcome: 'ask'; counters: string }
  | { outcome: 'past'; now: number; start: number };

export type OfMeter = Pick<UseWish, 'licenseId' | 'meter' | 'period'>;

/** What a Redis that has not been emptied knows of one meter. */
export interface MeterRecord extends Moved {
  used: number;
}

export interface Reading {
  now: number;
  counters: string;
  /** The counters of windows that began later are complete. */
  since: number;
  /** null: no use has been counted here lately. `lost`: only the ledger can tell. */
  records: (MeterRecord | 'lost' | null)[];
}

type Script = (...args: (string | number)[]) => Promise<unknown>;
type Scripted = Redis &
  Record<'quotaUse' | 'quotaRead' | 'quotaRestore' | 'quotaNoKeys' | 'quotaSettle', Script>;

const source = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');

/** How long keys of a meter may be in the ledger alone, in ms; -1: always. See use.lua. */
const KEEP_MS: Record<Period, number> = {
  hour: 2 * 86_400_000,
  day: 3 * 86_400_000,
  week: 9 * 86_400_000,
  month: 33 * 86_400_000,
  year: -1,
  forever: -1,
};
export const isLong = (period: Period): boolean => KEEP_MS[period] < 0;

/** The counters of meters in Redis: one script a use, decided there, by Redis's clock. All throw 503 when Redis is away. */
@Injectable()
export class QuotaCounter {
  private readonly redis: Scripted;
  private readonly process = randomBytes(9).toString('base64url');
  private calls = 0;

  constructor(clients: RedisClients) {
    this.redis = clients.for('seats') as Scripted;
    const prelude = source('quota-prelude');
    const define = (command: string, name: string, numberOfKeys?: number) =>
      this.redis.defineCommand(command, { numberOfKeys, lua: prelude + source(name) });
    define('quotaUse', 'use', 10);
    define('quotaRead', 'read');
    define('quotaRestore', 'restore', 3);
    define('quotaNoKeys', 'no-keys', 3);
    define('quotaSettle', 'settle', 3);
  }

  async use(wish: UseWish, belief: Belief): Promise<UseAnswer> {
    const { tenantId, licenseId, meter, period, amount, limit, idempotencyKey, caller } = wish;
    const keys = useKeys(licenseId, meter, period, idempotencyKey ?? '');
    const args = [
      wish.stamp,
      wish.expires,
      wish.seatId ?? '',
      this.candidate(),
      wish.mode,
      wish.at ?? '',
      amount,
      limit ?? -1,
      belief.zone,
      belief.window.start,
      belief.window.end ?? 0,
      KEEP_MS[period],
      isLong(period) ? '1' : '0',
      belief.from,
      idempotencyKey === null ? '' : `${meter} ${amount}`,
      belief.isKeyNew ? '1' : '0',
      JSON.stringify([tenantId, licenseId, meter, period, amount, limit, idempotencyKey]),
      JSON.stringify([tenantId, licenseId, meter, caller.userId, caller.traceId, caller.address]),
      `${tenantId} ${licenseId} ${meter}`,
    ];
    return answerOf(await this.reach(() => this.redis.quotaUse(...keys, ...args)));
  }

  /** The records of some meters of one licence, in one call. */
  async read(licenseId: string, meters: readonly { meter: string; period: Period }[]): Promise<Reading> {
    const keys = [
      ...counterKeys(licenseId),
      ...meters.map(({ meter, period }) => recordKey(licenseId, meter, period)),
    ];
    const raw = await this.reach(() => this.redis.quotaRead(keys.length, ...keys, this.candidate()));
    const [now, counters, since, ...records] = raw as [number, string, number, ...RawRecord[]];
    return { now, counters, since, records: records.map(recordOf) };
  }

  /** Puts back what the ledger knows, unless somebody has or Redis was emptied again meanwhile. */
  async restore(
    { licenseId, meter, period }: OfMeter,
    counters: string,
    { window, zone, used }: { window: Window; zone: string; used: number },
  ): Promise<void> {
    const keys = [...counterKeys(licenseId), recordKey(licenseId, meter, period)];
    const args = [counters, window.start, window.end ?? 0, zone, used, isLong(period) ? '1' : '0'];
    await this.reach(() => this.redis.quotaRestore(...keys, ...args));
  }

  /** Notes that the ledger has no keys of a licence: those of its next uses are all in Redis. */
  async noteNoKeys(licenseId: string, counters: string): Promise<void> {
    const keys = [...counterKeys(licenseId), noKeysKey(licenseId)];
    await this.reach(() => this.redis.quotaNoKeys(...keys, counters));
  }

  /** Takes over what Postgres has counted. */
  async settle({ licenseId, meter, period }: OfMeter, start: number, used: number): Promise<void> {
    const keys = [...counterKeys(licenseId), recordKey(licenseId, meter, period)];
    await this.reach(() => this.redis.quotaSettle(...keys, start, used));
  }

  /** Another one each time: what was read from the ledger for counters that are gone must not be taken for new ones. */
  private candidate(): string {
    return `${this.process}${(this.calls++).toString(36)}`;
  }

  private async reach<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      throw quotasUnavailable(cause);
    }
  }
}

/** 503: nobody knows what is left. */
export const quotasUnavailable = (cause: unknown): DomainError =>
  new DomainError('unavailable', 'QUOTAS_UNAVAILABLE', 'Quotas cannot be counted now; try again.', {
    retryAfterSeconds: 5,
    cause,
  });

type RawRecord = (string | null)[];

function recordOf([start, end, zone, used, moved]: RawRecord): MeterRecord | 'lost' | null {
  if (start == null) return null;
  if (start === '?') return 'lost';
  return {
    window: windowOf(start, end ?? 0),
    zone: zone ?? 'UTC',
    used: Number(used),
    movedAt: Number(moved ?? 0),
  };
}

const windowOf = (start: string | number, end: string | number): Window => ({
  start: Number(start),
  end: Number(end) === 0 ? null : Number(end),
});

function answerOf(raw: unknown): UseAnswer {
  const [word, ...rest] = raw as [string, ...(string | number)[]];
  const [a = '', b = '', c = '', d = '', e = ''] = rest;
  switch (word) {
    case 'COUNTED':
    case 'EXHAUSTED':
    case 'LOOK': {
      const outcome = word.toLowerCase() as 'counted' | 'exhausted' | 'look';
      return { outcome, now: Number(a), used: Number(b), window: windowOf(c, d) };
    }
    case 'REPLAY': {
      const [used = 0, limit = -1, start = 0, end = 0] = String(a).split(' ').map(Number);
      return { outcome: 'replay', used, limit: limit < 0 ? null : limit, window: windowOf(start, end) };
    }
    case 'BLOCKED':
      return { outcome: 'blocked', code: String(a) };
    case 'COLD':
      return { outcome: 'cold', now: Number(a) };
    case 'STALE':
      return { outcome: 'stale', now: Number(a), policy: parsePolicy(String(b)), stamp: String(c) };
    case 'MOVED': {
      const was = { window: windowOf(b, c), zone: String(d), movedAt: Number(e) };
      return { outcome: 'moved', now: Number(a), was, from: `${d} ${b}` };
    }
    case 'WINDOW':
      return { outcome: 'window', now: Number(a) };
    case 'RESTORE':
      return { outcome: 'restore', counters: String(a), now: Number(b) };
    case 'ASK':
      return { outcome: 'ask', counters: String(a) };
    case 'PAST':
      return { outcome: 'past', now: Number(a), start: Number(b) };
    default:
      return { outcome: word.toLowerCase() as 'seat' };
  }
}
