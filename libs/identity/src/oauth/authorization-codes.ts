import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { idOf, RedisClients } from '#platform';
import { asUnavailable } from '../nonces/nonces.js';
import { SealedRecords } from '../nonces/sealed-records.js';
import { Approval } from './approval.js';
import { keyOfSecret, newOneTimeSecret } from './one-time-secret.js';

/** RFC 6749, 4.1.2, recommends ten minutes at most; the program waits at its loopback address, so seconds are enough. */
const LIFETIME_SECONDS = 60;
/** For so long after it was used a code that comes again is known, and ends the session that was made with it. */
const REMEMBERED_SECONDS = 600;
const PURPOSE = 'code';

const Code = z.object({
  clientId: z.string(),
  redirectUri: z.string(),
  challenge: z.string(),
  deviceName: z.string().nullable(),
  approval: Approval,
});
const Made = z.object({ tenantId: idOf('ten'), sessionId: idOf('ses') });

/** What a code stands for. */
export type AuthorizationCode = z.output<typeof Code>;
/** The session that a code has made. */
export type MadeSession = z.output<typeof Made>;

/** Of many at once one uses it; who comes later learns what was made with it, and leaves word for who is still at it. */
const USE = `
  local state = redis.call('HGET', KEYS[1], 'state')
  if not state then return {'gone'} end
  if state == 'issued' then
    redis.call('HSET', KEYS[1], 'state', 'used')
    redis.call('EXPIRE', KEYS[1], ARGV[1])
    return {'first'}
  end
  redis.call('HSET', KEYS[1], 'replayed', 1)
  return {'again', redis.call('HGET', KEYS[1], 'made') or ''}`;

/** Notes what was made, where the code is still known, and tells whether it has come again by then. */
const MADE = `
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  redis.call('HSET', KEYS[1], 'made', ARGV[1])
  return redis.call('HEXISTS', KEYS[1], 'replayed')`;

interface Scripts {
  useAuthorizationCode(key: string, seconds: number): Promise<['gone' | 'first'] | ['again', string]>;
  noteMadeByCode(key: string, made: string): Promise<number>;
}

/** In Redis alone, by their hashes: without it no code is given and none is taken, 503 `UNAVAILABLE`. */
@Injectable()
export class AuthorizationCodes {
  private readonly redis: Redis & Scripts;

  constructor(
    clients: RedisClients,
    private readonly records: SealedRecords,
  ) {
    const redis = clients.for('nonces');
    redis.defineCommand('useAuthorizationCode', { numberOfKeys: 1, lua: USE });
    redis.defineCommand('noteMadeByCode', { numberOfKeys: 1, lua: MADE });
    this.redis = redis as Redis & Scripts;
  }

  async issue(code: AuthorizationCode): Promise<string> {
    const secret = newOneTimeSecret('code_');
    const key = keyOfSecret(PURPOSE, secret);
    const pipeline = this.redis
      .multi()
      .hset(key, { state: 'issued', code: this.records.seal(key, code) })
      .expire(key, LIFETIME_SECONDS);
    await pipeline.exec().catch(asUnavailable);
    return secret;
  }

  /** What it stands for, used or not; null when it is unknown or has run out. */
  async look(secret: string): Promise<AuthorizationCode | null> {
    const key = keyOfSecret(PURPOSE, secret);
    return this.records.open(key, Code, await this.redis.hget(key, 'code').catch(asUnavailable));
  }

  /**
   * Uses it up: true for the first. For who brings it again the session that it has made; false where none was made, or
   * none yet: then {@link made} tells whoever makes it.
   */
  async use(secret: string): Promise<true | MadeSession | false> {
    const key = keyOfSecret(PURPOSE, secret);
    const [outcome, made] = await this.redis
      .useAuthorizationCode(key, REMEMBERED_SECONDS)
      .catch(asUnavailable);
    if (outcome === 'first') return true;
    return this.records.open(key, Made, made) ?? false;
  }

  /**
   * Remembers what was made with it; true where it has come again by now. A program that has its tokens is not refused
   * because Redis could not be told.
   */
  async made(secret: string, session: MadeSession): Promise<boolean> {
    const { tenantId, sessionId } = session;
    const key = keyOfSecret(PURPOSE, secret);
    const made = this.records.seal(key, { tenantId, sessionId });
    return (await this.redis.noteMadeByCode(key, made).catch(() => 0)) === 1;
  }
}
