import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { RedisClients, SealedBox } from '#platform';
import { asUnavailable } from '../nonces/nonces.js';

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
/** Somebody who is back, and has no account yet. */
const Back = z.object({ provider: z.string(), idToken: z.string(), next: z.string() });

export type Gone = z.output<typeof Gone>;
export type Back = z.output<typeof Back>;

/**
 * What is remembered of a browser on its way to a provider and back, for ten minutes, in Redis only. The browser has the
 * key to it in a cookie, so that nobody can be sent in with somebody else's return.
 */
@Injectable()
export class ProviderVisits {
  constructor(
    private readonly clients: RedisClients,
    private readonly box: SealedBox,
  ) {}

  begin(gone: Gone): Promise<string> {
    return this.keep('gone', gone);
  }

  /** Once; null for one that is unknown, was taken, or is too long ago. Throws 503 `UNAVAILABLE`. */
  async end(token: string): Promise<Gone | null> {
    const kept = await this.redis.getdelBuffer(keyOf('gone', token)).catch(asUnavailable);
    return kept && Gone.parse(this.open(kept));
  }

  /** Keeps an ID token until its person has said what their organisation is called. */
  hold(back: Back): Promise<string> {
    return this.keep('back', back);
  }

  /** As often as they try; {@link release} ends it. */
  async held(token: string): Promise<Back | null> {
    const kept = await this.redis.getBuffer(keyOf('back', token)).catch(asUnavailable);
    return kept && Back.parse(this.open(kept));
  }

  async release(token: string): Promise<void> {
    await this.redis.del(keyOf('back', token)).catch(asUnavailable);
  }

  private async keep(kind: Kind, value: object): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const sealed = this.box.seal(Buffer.from(JSON.stringify(value)), PURPOSE);
    await this.redis.set(keyOf(kind, token), sealed, 'EX', VISIT_SECONDS).catch(asUnavailable);
    return token;
  }

  private open(sealed: Buffer): unknown {
    return JSON.parse(this.box.open(sealed, PURPOSE).toString());
  }

  private get redis() {
    return this.clients.for('nonces');
  }
}

type Kind = 'gone' | 'back';

const PURPOSE = 'provider-visits';

/** Full entropy needs no key; Redis holds no token that works. */
const keyOf = (kind: Kind, token: string) =>
  `auth:nonce:provider:${kind}:${createHash('sha256').update(token).digest('base64url')}`;
