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
    const revoked = await this.end(
      actor.as({ tenantId: token.tenantId }),
      token.sessionId,
      async () => (await this.refreshTokens.find(token)) !== null,
    );
    return { revoked: revoked ?? 0 };
  }

  /** Ends one of the actor's own sessions, in whichever tenant; repeatable. Throws 404 for anybody else's. */
  async byId(actor: Actor, sessionId: string): Promise<void> {
    const elsewhere = (await this.listTenants.execute(actor)).filter((id) => id !== actor.tenantId);
    for (const tenantId of [actor.tenantId, ...elsewhere]) {
      const isOwn = async ({ userId }: AuthSession) => userId === actor.id;
      if ((await this.end(actor.as({ tenantId }), sessionId, isOwn)) !== null) return;
    }
    throw notFound('session');
  }

  /** Ends every session of the actor, in every tenant; those that had run out are not counted. */
  all(actor: Actor): Promise<{ revoked: number }> {
    return this.outdate(actor, null);
  }

  /** Like {@link all}, but the one that asks goes on. */
  others(actor: Actor): Promise<{ revoked: number }> {
    return this.outdate(actor, actor.sessionId);
  }

  /** What derives from one of them while they end, ends as well. */
  private async outdate(actor: Actor, except: string | null): Promise<{ revoked: number }> {
    const outdated = await this.db.transaction(actor, () =>
      this.endPersonSessions.begin('logout_all', { except }),
    );
    return { revoked: await this.endPersonSessions.finish(actor, outdated) };
  }

  /** Gives how many were live that ended, one or none; null for a session that is not there or not the caller's. */
  private async end(
    actor: Actor,
    id: string,
    isCallers: (session: AuthSession) => Promise<boolean>,
  ): Promise<number | null> {
    const outcome = await this.db.transaction(actor, async () => {
      const session = await this.sessions.lock(id);
      if (!session || !(await isCallers(session))) return null;
      const now = this.clock.now();
      const live = session.isLive(now) ? 1 : 0;
      const hasEnded = session.end('logout', now);
      if (hasEnded) await this.sessions.save(session);
      return { live, hasEnded };
    });
    if (outcome?.hasEnded) this.news.tell([id]);
    return outcome && outcome.live;
  }
}
