import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressKey, DomainError, RedisClients } from '#platform';
import { AccountLimits, AccountsConfig } from './accounts.config.js';

const ATTEMPT = readFileSync(new URL('./attempt.lua', import.meta.url), 'utf8');
const SETTLE = readFileSync(new URL('./settle.lua', import.meta.url), 'utf8');
/** Failures from everywhere weigh less than those from one network: or anybody could lock anybody out. */
const FROM_EVERYWHERE = 4;
/** A network that somebody has signed in from stays theirs for so long, in seconds. */
const KNOWN_SECONDS = 30 * 86_400;

/** Three counts with a lock each, and whether the network is known. */
const KEYS = 7;

interface Scripts {
  countAttempt(...keysAndRules: (string | number)[]): Promise<number>;
  settleAttempt(...keysAndThresholds: (string | number)[]): Promise<unknown>;
}

/** 429 `SIGN_IN_LOCKED`: the same for accounts that are there and accounts that are not. */
function signInLocked(waitMs: number): DomainError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new DomainError(
    'too_many',
    'SIGN_IN_LOCKED',
    `Too many failed attempts; try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds, details: { retryAfterSeconds } },
  );
}

/** An attempt that was let through and counted as failed; who succeeds, or never got to guess, says so. */
export interface Attempt {
  succeeded(): Promise<void>;
  undo(): Promise<void>;
}

/** The network that an address is in: IPv4 /24, IPv6 /64. */
export function networkOf(address: string | null): string {
  const key = addressKey(address ?? 'local');
  return isIPv4(key) ? `${key.split('.').slice(0, 3).join('.')}.0/24` : key;
}

/**
 * Slows guessing down, per account and network, per account from everywhere, and per network, each wait twice as long
 * as the one before (S2-26, S2-37). By the hash of the address, whether it has an account or not. Networks that an
 * account has signed in from are not bound by what happens elsewhere, so nobody locks a person out of their own
 * device. In Redis; while that is away each process counts for itself, in a plain window.
 */
@Injectable()
export class Lockout {
  private readonly redis: Redis & Scripts;
  private readonly away: RateLimiterMemory;

  constructor(
    clients: RedisClients,
    private readonly config: AccountsConfig,
    private readonly limits: AccountLimits,
  ) {
    const redis = clients.for('limits');
    redis.defineCommand('countAttempt', { numberOfKeys: KEYS, lua: ATTEMPT });
    redis.defineCommand('settleAttempt', { numberOfKeys: KEYS, lua: SETTLE });
    this.redis = redis as Redis & Scripts;
    this.away = new RateLimiterMemory({
      points: limits.lockoutThreshold,
      duration: config.ipLockoutWindowSeconds,
    });
  }

  /** Counts an attempt on the account of an address. Throws 429 `SIGN_IN_LOCKED`. */
  async begin(addressHash: Buffer, address: string | null): Promise<Attempt> {
    const keys = keysOf(addressHash.toString('base64url'), networkOf(address));
    let waitMs: number;
    try {
      waitMs = await this.redis.countAttempt(...keys, ...this.rules());
    } catch {
      waitMs = await this.countHere(keys[0]!);
    }
    if (waitMs > 0) throw signInLocked(waitMs);
    return { succeeded: () => this.settle(keys, KNOWN_SECONDS), undo: () => this.settle(keys, 0) };
  }

  /** Makes an account wait for so long, wherever it is not known to come from, as if somebody had guessed at it. */
  async hold(addressHash: Buffer, seconds: number): Promise<void> {
    const [, , , locked] = keysOf(addressHash.toString('base64url'), networkOf(null));
    await this.redis.set(locked!, '1', 'EX', seconds);
  }

  private async settle(keys: readonly string[], knownSeconds: number): Promise<void> {
    const { lockoutThreshold, ipLockoutThreshold } = this.limits;
    const thresholds = [lockoutThreshold, lockoutThreshold * FROM_EVERYWHERE, ipLockoutThreshold];
    if (knownSeconds > 0) await this.away.delete(keys[0]!);
    // A person who has signed in is not refused because Redis could not be told.
    await this.redis.settleAttempt(...keys, ...thresholds, knownSeconds).catch(() => undefined);
  }

  private async countHere(key: string): Promise<number> {
    try {
      await this.away.consume(key);
      return 0;
    } catch (refused) {
      return refused instanceof RateLimiterRes ? Math.max(1, refused.msBeforeNext) : 1_000;
    }
  }

  private rules(): number[] {
    const { config, limits } = this;
    const account = [config.lockoutSeconds * 1_000, config.lockoutMaxSeconds * 1_000];
    const network = [config.ipLockoutSeconds * 1_000, config.ipLockoutMaxSeconds * 1_000];
    return [
      config.ipLockoutWindowSeconds,
      ...[limits.lockoutThreshold, ...account],
      ...[limits.lockoutThreshold * FROM_EVERYWHERE, ...account],
      ...[limits.ipLockoutThreshold, ...network],
    ];
  }
}

function keysOf(account: string, network: string): string[] {
  const counts = [`${account}:${network}`, account, `net:${network}`];
  const pairs = counts.flatMap((count) => [`auth:failed:${count}`, `auth:locked:${count}`]);
  return [...pairs, `auth:known:${account}:${network}`];
}
