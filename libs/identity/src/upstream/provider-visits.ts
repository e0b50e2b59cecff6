import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { RedisClients } from '#platform';
import { asUnavailable } from '../nonces/nonces.js';
import { SealedRecords } from '../nonces/sealed-records.js';

/** Long enough to type a password at a provider. */
export const VISIT_SECONDS = 600;

/** Somebody who has gone to a provider, and where they go on after they are back. */
const Gone = z.object({
  provider: z.string(),
  /** The issuer's name of the visit. */
  sessionId: z.string(),
  /** Our own, which comes back through provider and issuer. */
  context: z.string(),
  next: z.string(),
});
/** Somebody who is back. */
const Back = z.object({ provider: z.string(), idToken: z.string(), next: z.string() });
/** And has no account yet; with the address that the provider has told. */
const Newcomer = Back.extend({ email: z.string() });

export type Gone = z.output<typeof Gone>;
export type Back = z.output<typeof Back>;
export type Newcomer = z.output<typeof Newcomer>;

/**
 * What is remembered of a browser on its way to a provider and back, for ten minutes, in Redis only. The browser has the
 * key to it in a cookie, so that nobody can be sent in with somebody else's return.
 */
@Injectable()
export class ProviderVisits {
  constructor(
    private readonly clients: RedisClients,
    private readonly records: SealedRecords,
  ) {}

  begin(gone: Gone): Promise<string> {
    return this.keep('gone', gone);
  }

  /** Once; null for one that is unknown, was taken, or is too long ago. Throws 503 `UNAVAILABLE`. */
  async end(token: string): Promise<Gone | null> {
    const key = keyOf('gone', token);
    return this.records.open(key, Gone, await this.redis.getdel(key).catch(asUnavailable));
  }

  /** Keeps an ID token until its person has said what their organisation is called. */
  hold(newcomer: Newcomer): Promise<string> {
    return this.keep('back', newcomer);
  }

  /** As often as they try; {@link release} ends it. */
  async held(token: string): Promise<Newcomer | null> {
    const key = keyOf('back', token);
    return this.records.open(key, Newcomer, await this.redis.get(key).catch(asUnavailable));
  }

  async release(token: string): Promise<void> {
    await this.redis.del(keyOf('back', token)).catch(asUnavailable);
  }

  private async keep(kind: Kind, value: object): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const key = keyOf(kind, token);
    await this.redis.set(key, this.records.seal(key, value), 'EX', VISIT_SECONDS).catch(asUnavailable);
    return token;
  }

  private get redis() {
    return this.clients.for('nonces');
  }
}

type Kind = 'gone' | 'back';

/** Full entropy needs no key; Redis holds no token that works. */
const keyOf = (kind: Kind, token: string) =>
  `auth:nonce:provider:${kind}:${createHash('sha256').update(token).digest('base64url')}`;
