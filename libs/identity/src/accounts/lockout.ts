import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressKey, DomainError, keyedHash, RedisClients } from '#platform';
import { AccountLimits, AccountsConfig } from './accounts.config.js';

const ATTEMPT = readFileSync(new URL('./attempt.lua', import.meta.url), 'utf8');
const SETTLE = readFileSync(new URL('./settle.lua', import.meta.url), 'utf8');
/** Failures from everywhere weigh less than those from one network: or anybody could lock anybody out. */
const FROM_EVERYWHERE = 4;
/** A network that somebody has signed in from stays theirs for so long, in seconds. */
const KNOWN_SECONDS = 30 * 86_400;

/** Two marks of where an account is known to come from, and five scopes with a count and a lock each. */
const KEYS = 12;
const LOCKED = 'auth:locked:';
/** Nobody is ever known by it. */
const NO_DEVICE = 'auth:known:no-device';

interface Scripts {
  countAttempt(...keysAndRules: (string | number)[]): Promise<[waitMs: number, ...scopes: number[]]>;
  settleAttempt(keys: number, ...keysAndThresholds: (string | number)[]): Promise<unknown>;
}

/** Where an attempt comes from: the network, and the id that the client keeps, if it sent one. */
export interface AttemptOrigin {
  address: string | null;
  deviceId?: string | null;
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
 * as the one before (S2-26, S2-37). By the hash of the address, whether it has an account or not. What an account has
 * signed in from is known: a network of theirs is not bound by what happens elsewhere, nor by guesses at accounts that
 * do not belong there; a device, by the id that its client keeps, is bound by its own guesses alone. So nobody locks a
 * person out of their own device. In Redis; while that is away each process counts for itself, in a plain window.
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
    redis.defineCommand('settleAttempt', { lua: SETTLE });
    this.redis = redis as Redis & Scripts;
    this.away = new RateLimiterMemory({
      points: limits.lockoutThreshold,
      duration: config.ipLockoutWindowSeconds,
    });
  }

  /** Counts an attempt on the account of an address. Throws 429 `SIGN_IN_LOCKED`. */
  async begin(addressHash: Buffer, origin: AttemptOrigin): Promise<Attempt> {
    const { marks, scopes } = this.keysOf(addressHash, origin);
    const rules = this.rules();
    const signature = randomUUID();
    const windowMs = this.config.ipLockoutWindowSeconds * 1_000;
    let waitMs: number;
    let counted: number[] = [];
    try {
      [waitMs, ...counted] = await this.redis.countAttempt(
        ...[marks.network, marks.device ?? NO_DEVICE, ...scopes.flatMap(pairOf)],
        ...[windowMs, signature, ...rules.flat()],
      );
    } catch {
      waitMs = await this.countHere(scopes[0]);
    }
    if (waitMs > 0) throw signInLocked(waitMs);

    const keys = counted.flatMap((scope) => pairOf(scopes[scope - 1]!));
    const thresholds = counted.map((scope) => rules[scope - 1]![0]);
    const known = [marks.network, ...(marks.device ? [marks.device] : [])];
    // A person who has signed in is not refused because Redis could not be told.
    const settle = (all: string[], seconds: number) =>
      this.redis.settleAttempt(all.length, ...all, signature, seconds, ...thresholds).catch(() => undefined);
    return {
      succeeded: async () => {
        await this.away.delete(scopes[0]);
        await settle([...keys, ...known], KNOWN_SECONDS);
      },
      undo: async () => {
        if (counted.length === 0) await this.away.reward(scopes[0]);
        else await settle(keys, 0);
      },
    };
  }

  /** Makes an account wait for so long, wherever it is not known to come from, as if somebody had guessed at it. */
  async hold(addressHash: Buffer, seconds: number): Promise<void> {
    const { scopes } = this.keysOf(addressHash, { address: null });
    await this.redis.set(`${LOCKED}${scopes[1]}`, '1', 'EX', seconds);
  }

  private async countHere(key: string): Promise<number> {
    try {
      await this.away.consume(key);
      return 0;
    } catch (refused) {
      return refused instanceof RateLimiterRes ? Math.max(1, refused.msBeforeNext) : 1_000;
    }
  }

  /** The marks of what would be known, and the scopes in the order of attempt.lua. */
  private keysOf(addressHash: Buffer, { address, deviceId }: AttemptOrigin) {
    const account = addressHash.toString('base64url');
    const network = networkOf(address);
    const device = deviceId
      ? keyedHash(this.config.addressKey, 'device of', addressHash, deviceId).toString('base64url')
      : null;
    const scopes = [
      `${account}:${network}`,
      account,
      `net:${network}`,
      `net:${network}:known`,
      `${account}:device:${device ?? 'none'}`,
    ] as const;
    const markOf = (what: string) => `auth:known:${account}:${what}`;
    return { marks: { network: markOf(network), device: device && markOf(`device:${device}`) }, scopes };
  }

  /** Threshold, first wait and longest wait in ms of each scope. */
  private rules(): [threshold: number, firstMs: number, longestMs: number][] {
    const { lockoutSeconds, lockoutMaxSeconds, ipLockoutSeconds, ipLockoutMaxSeconds } = this.config;
    const { lockoutThreshold, ipLockoutThreshold } = this.limits;
    const account = [lockoutSeconds * 1_000, lockoutMaxSeconds * 1_000] as const;
    // Whoever is known there waits no longer for their neighbours than for themselves.
    const knownMaxSeconds = Math.min(ipLockoutMaxSeconds, lockoutMaxSeconds);
    return [
      [lockoutThreshold, ...account],
      [lockoutThreshold * FROM_EVERYWHERE, ...account],
      [ipLockoutThreshold, ipLockoutSeconds * 1_000, ipLockoutMaxSeconds * 1_000],
      [ipLockoutThreshold, ipLockoutSeconds * 1_000, knownMaxSeconds * 1_000],
      [lockoutThreshold, ...account],
    ];
  }
}

const pairOf = (scope: string) => [`auth:failed:${scope}`, `${LOCKED}${scope}`];
