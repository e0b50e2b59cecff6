import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, unauthenticated } from '#platform';
import type { AuthSession } from '../domain/auth-session.js';
import { type SessionPolicy, tenantSuspended } from '../domain/session-policy.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { SessionNews } from '../sessions/session-news.js';
import { StartSession } from './start-session.js';

/** Whether a session that is there goes on under what holds by now: asked before it gets another token. */
@Injectable()
export class KeepSession {
  constructor(
    private readonly db: Db,
    private readonly startSession: StartSession,
    private readonly sessions: AuthSessions,
    private readonly news: SessionNews,
    private readonly clock: Clock,
  ) {}

  /**
   * Passes for one that does. One whose tenant is suspended waits for it: 403 `TENANT_SUSPENDED`. One that no longer
   * shows what is asked ends, and its owner signs in again: the one 401.
   */
  async execute(
    owner: Actor,
    session: AuthSession,
    policy: SessionPolicy | Promise<SessionPolicy>,
  ): Promise<void> {
    const refusal = await this.startSession.standsAgainst(owner, session.amr, policy);
    if (!refusal) return;
    if (refusal === 'tenant_suspended') throw tenantSuspended();
    const reason = refusal === 'person_suspended' ? 'user_suspended' : 'second_factor_required';
    await this.db.transaction(owner, async () => {
      const locked = await this.sessions.lock(session.id);
      if (locked?.end(reason, this.clock.now())) await this.sessions.save(locked);
    });
    this.news.tell([session.id]);
    throw unauthenticated(`session over: ${refusal}`);
  }
}
