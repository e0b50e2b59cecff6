import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db } from '#platform';
import { AuthSession } from '../domain/auth-session.js';
import { IdentityConfig } from '../identity.config.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { hashOf, newRefreshToken, type RefreshToken } from '../tokens/refresh-token.js';

export interface StartedSession {
  session: AuthSession;
  refreshToken: RefreshToken;
}

/** The one function that makes sessions. */
@Injectable()
export class StartSession {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly config: IdentityConfig,
    private readonly clock: Clock,
  ) {}

  /** For the actor's user in the actor's tenant; joins a transaction around it. */
  async execute(actor: Actor, provider: string): Promise<StartedSession> {
    const { id: userId, tenantId, origin } = actor;
    if (actor.type !== 'user' || !userId || !tenantId)
      throw new Error('A session needs a user and a tenant.');
    const now = this.clock.now();

    return this.db.transaction(actor, async () => {
      const session = AuthSession.start({ tenantId, userId, provider, ...origin }, now);
      await this.sessions.insert(session);
      const refreshToken = newRefreshToken(tenantId, session.id);
      await this.sessions.insertToken(session.id, hashOf(this.config.refreshPepper, refreshToken), now);
      return { session, refreshToken };
    });
  }
}
