import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { idOf, RedisClients } from '#platform';
import { asUnavailable } from '../nonces/nonces.js';
import { SealedRecords } from '../nonces/sealed-records.js';

/** S2-17: at most five minutes, in Redis only. */
const LIFETIME_SECONDS = 300;

const Pending = z.object({
  /** What the token is good for: to show the second factor, to set one up, or to come to an organisation; nothing else. */
  purpose: z.enum(['challenge', 'enroll', 'organization']),
  userId: idOf('usr'),
  /** null: they are in none. */
  tenantId: idOf('ten').nullable(),
  provider: z.string(),
  amr: z.array(z.string()),
  /** When the password was chosen that was shown, epoch ms; null: it was none. */
  passwordOf: z.int().nullable(),
  /** The session that showed the rest, where it was one: it has to live on. */
  from: z
    .object({ tenantId: idOf('ten'), sessionId: idOf('ses') })
    .nullable()
    .default(null),
});

/** Somebody who has shown the first factor and owes the second, or an organisation. */
export type PendingSignIn = z.output<typeof Pending>;

/**
 * What stands between the first factor and the second: a random token, good for one purpose. Without Redis nobody's
 * second factor can be asked for, and nobody gets in without it: 503.
 */
@Injectable()
export class MfaTokens {
  constructor(
    private readonly clients: RedisClients,
    private readonly records: SealedRecords,
  ) {}

  async make(pending: PendingSignIn): Promise<string> {
    const token = `mfa_${randomBytes(32).toString('base64url')}`;
    const key = keyOf(token);
    await this.redis.set(key, this.records.seal(key, pending), 'EX', LIFETIME_SECONDS).catch(asUnavailable);
    return token;
  }

  /** Whose it is; null when it is unknown, has run out, or is for something else. */
  async look(token: string, purpose: PendingSignIn['purpose']): Promise<PendingSignIn | null> {
    const key = keyOf(token);
    const pending = this.records.open(key, Pending, await this.redis.get(key).catch(asUnavailable));
    return pending?.purpose === purpose ? pending : null;
  }

  /** Ends it; false when somebody was faster. */
  async spend(token: string): Promise<boolean> {
    const ended = await this.redis.del(keyOf(token)).catch(asUnavailable);
    return ended === 1;
  }

  private get redis() {
    return this.clients.for('nonces');
  }
}

/** Full entropy needs no key; Redis holds no token that works. */
const keyOf = (token: string) => `auth:nonce:mfa:${createHash('sha256').update(token).digest('base64url')}`;
