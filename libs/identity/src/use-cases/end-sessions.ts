import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, Clock, Db } from '#platform';
import { IdentityConfig } from '../identity.config.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { hashOf, parseRefreshToken } from '../tokens/refresh-token.js';
import type { RefreshInput } from './refresh-session.js';

/** Signs out. */
@Injectable()
export class EndSessions {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly config: IdentityConfig,
    private readonly clock: Clock,
  ) {}

  /** Ends the session of a refresh token, old or new. Gives how many ended: 0 for a token nobody knows. */
  async one(actor: Actor, input: z.output<typeof RefreshInput>): Promise<{ revoked: number }> {
    const token = parseRefreshToken(input.refreshToken);
    if (!token) return { revoked: 0 };

    return this.db.transaction(actor.as({ tenantId: token.tenantId }), async () => {
      const session = await this.sessions.lock(token.sessionId);
      const known =
        session && (await this.sessions.token(session.id, hashOf(this.config.refreshPepper, token)));
      if (!session || !known || !session.end('logout', this.clock.now())) return { revoked: 0 };
      await this.sessions.save(session);
      return { revoked: 1 };
    });
  }

  /** Ends every session of the actor in the actor's tenant; those that had run out are not counted. */
  async all(actor: Actor): Promise<{ revoked: number }> {
    return this.db.transaction(actor, async () => {
      const sessions = await this.sessions.lockAllOf(actor.id ?? '');
      const now = this.clock.now();
      const live = sessions.filter((session) => session.isLive(now));
      for (const session of sessions) {
        session.end('logout_all', now);
        await this.sessions.save(session);
      }
      return { revoked: live.length };
    });
  }
}
