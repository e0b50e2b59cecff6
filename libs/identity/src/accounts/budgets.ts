import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { addressKey, DomainError, RedisClients } from '#platform';
import { AccountLimits } from './accounts.config.js';

const HOUR = 3_600;
/** Mails that one address may cause in all, for each that one mailbox may get. */
const MAILBOXES = 10;

/** 429 `RATE_LIMITED`, for budgets of this context. */
export function tooMany(waitMs: number): DomainError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new DomainError('too_many', 'RATE_LIMITED', `Too many calls; try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
    details: { retryAfterSeconds },
  });
}

/** Counts what costs others something: sign-ups, and mails. While Redis is away each process counts for itself. */
@Injectable()
export class Budgets {
  private readonly limiters = new Map<string, RateLimiterRedis>();

  constructor(private readonly clients: RedisClients) {}

  /** Counts one of `points` in so many seconds; gives how long to wait in ms, 0 when it is within the budget. */
  async take(name: string, key: string, points: number, seconds: number): Promise<number> {
    try {
      await this.limiter(name, points, seconds).consume(key);
      return 0;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext);
      throw refused;
    }
  }

  private limiter(name: string, points: number, duration: number): RateLimiterRedis {
    const existing = this.limiters.get(name);
    if (existing) return existing;
    const options = { keyPrefix: `auth:${name}`, points, duration };
    const limiter = new RateLimiterRedis({
      ...options,
      storeClient: this.clients.for('limits'),
      insuranceLimiter: new RateLimiterMemory(options),
    });
    this.limiters.set(name, limiter);
    return limiter;
  }
}

/** Mails that others can cause, or a person asks for, within an hour. Each gives how long to wait in ms, 0 for none. */
@Injectable()
export class MailBudget {
  constructor(
    private readonly budgets: Budgets,
    private readonly limits: AccountLimits,
  ) {}

  /** One to a mailbox, by the keyed hash of its address. */
  to(addressHash: Buffer): Promise<number> {
    return this.budgets.take('mailbox', addressHash.toString('base64url'), this.limits.mails, HOUR);
  }

  /** One that a person asks for, wherever it goes. */
  by(userId: string): Promise<number> {
    return this.budgets.take('mailbox', `by ${userId}`, this.limits.mails, HOUR);
  }

  /** One that a network address causes, wherever it goes. */
  from(address: string | null): Promise<number> {
    return this.budgets.take('forgot', addressKeyOf(address), this.limits.mails * MAILBOXES, HOUR);
  }
}

/** What an address is counted under; what did not come over the network is one. */
export const addressKeyOf = (address: string | null): string => addressKey(address ?? 'local');
