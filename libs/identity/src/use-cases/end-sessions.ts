import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, Clock, Db, notFound } from '#platform';
import { ListTenants } from '#tenancy';
import type { AuthSession } from '../domain/auth-session.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { SessionNews } from '../sessions/session-news.js';
import { parseRefreshToken } from '../tokens/refresh-token.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';
import { EndPersonSessions } from './end-person-sessions.js';
import type { RefreshInput } from './refresh-session.js';

/** Signs out. Every process refuses the access tokens of what ended within two seconds. */
@Injectable()
export class EndSessions {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly refreshTokens: RefreshTokens,
    private readonly endPersonSessions: EndPersonSessions,
    private readonly listTenants: ListTenants,
    private readonly news: SessionNews,
    private readonly clock: Clock,
  ) {}

  /** Ends the session of a refresh token, old or new. Gives how many ended: 0 for a token nobody knows. */
  async one(actor: Actor, input: z.output<typeof RefreshInput>): Promise<{ revoked: number }> {
    const token = parseRefreshToken(input.refreshToken);
    if (!token) return { revoked: 0 };
    return this.ending(actor.as({ tenantId: token.tenantId }), async () => {
      const session = await this.sessions.lock(token.sessionId);
      const known = session && (await this.refreshTokens.find(token));
      return session && known ? [session] : [];
    });
  }

  /** Ends one of the actor's own sessions, in whichever tenant; repeatable. Throws 404 for anybody else's. */
  async byId(actor: Actor, sessionId: string): Promise<void> {
    const elsewhere = (await this.listTenants.execute(actor)).filter((id) => id !== actor.tenantId);
    for (const tenantId of [actor.tenantId, ...elsewhere]) {
      let isThere = false;
      await this.ending(actor.as({ tenantId }), async () => {
        const session = await this.sessions.lock(sessionId);
        isThere = session?.userId === actor.id;
        return session && isThere ? [session] : [];
      });
      if (isThere) return;
    }
    throw notFound('session');
  }

  /** Ends every session of the actor, in every tenant; those that had run out are not counted. */
  async all(actor: Actor): Promise<{ revoked: number }> {
    return { revoked: await this.endPersonSessions.execute(actor, 'logout_all') };
  }

  /** Like {@link all}, but the one that asks goes on. */
  async others(actor: Actor): Promise<{ revoked: number }> {
    const except = actor.sessionId ?? undefined;
    return { revoked: await this.endPersonSessions.execute(actor, 'logout_all', except) };
  }

  private async ending(actor: Actor, find: () => Promise<AuthSession[]>): Promise<{ revoked: number }> {
    const ended: string[] = [];
    const revoked = await this.db.transaction(actor, async () => {
      const now = this.clock.now();
      let live = 0;
      for (const session of await find()) {
        if (session.isLive(now)) live += 1;
        if (!session.end('logout', now)) continue;
        await this.sessions.save(session);
        ended.push(session.id);
      }
      return live;
    });
    this.news.tell(ended);
    return { revoked };
  }
}
