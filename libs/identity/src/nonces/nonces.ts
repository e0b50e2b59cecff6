import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DomainError, RedisClients } from '#platform';

/** S2-17. Nothing that is to be used once may hold longer. */
export const NONCE_MAX_SECONDS = 300;

/** Which kind of thing a nonce is of; those of different kinds are different. */
export type NoncePurpose = 'client-assertion' | 'issue';

/** 503 `UNAVAILABLE`: Redis is away, and it alone knows what was used. */
export function asUnavailable(cause: unknown): never {
  throw new DomainError('unavailable', 'UNAVAILABLE', 'The service cannot answer now; try again.', {
    retryAfterSeconds: 1,
    cause,
  });
}

/**
 * What may be used once: who signs a request puts a number into it, and the first one who brings it has used it up, in
 * all processes. In Redis alone: a memory of each process would let everything in once for each.
 */
@Injectable()
export class Nonces {
  private readonly redis: Redis;

  constructor(clients: RedisClients) {
    this.redis = clients.for('nonces');
  }

  /**
   * Uses up a nonce for `seconds`, 300 at most; false when it was used before. Throws 503 `UNAVAILABLE` while Redis is
   * away: then nobody can tell.
   */
  async use(purpose: NoncePurpose, nonce: string, seconds: number): Promise<boolean> {
    if (!(seconds >= 1 && seconds <= NONCE_MAX_SECONDS))
      throw new Error(`A nonce is kept for 1 to ${NONCE_MAX_SECONDS} seconds, not for ${seconds}.`);
    // Hashed: they come from outside, and a key of Redis has neither their length nor their letters.
    const key = `auth:nonce:${purpose}:${createHash('sha256').update(nonce).digest('base64url')}`;
    return (await this.redis.set(key, '1', 'EX', Math.ceil(seconds), 'NX').catch(asUnavailable)) === 'OK';
  }
}
