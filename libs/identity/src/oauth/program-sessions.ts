import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, unauthenticated } from '#platform';
import { policyOf } from '../domain/session-policy.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { SessionNews } from '../sessions/session-news.js';
import { IssueTokens, type Tokens } from '../use-cases/issue-tokens.js';
import { type SessionRef, StartSession } from '../use-cases/start-session.js';
import type { Approval } from './approval.js';

/** The sessions of programs that people let act for them. */
@Injectable()
export class ProgramSessions {
  constructor(
    private readonly db: Db,
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
    private readonly sessions: AuthSessions,
    private readonly news: SessionNews,
    private readonly clock: Clock,
  ) {}

  /**
   * One that derives from the session that approved it, which has to live still, under what its tenant asks now. `actor`:
   * the program, whose address and device it is of. Throws as StartSession does, the one 401 for who is no member any more.
   */
  async start(
    actor: Actor,
    { userId, tenantId, sessionId }: Approval,
    deviceName: string | null,
  ): Promise<{ tokens: Tokens; made: SessionRef }> {
    const person = actor.as({ type: 'user', id: userId, tenantId });
    const profile = await this.issueTokens.profileIn(person);
    if (!profile) throw unauthenticated('no member any more');
    const { session, refreshToken } = await this.startSession.derive(
      person,
      { from: { tenantId, sessionId }, deviceName, forProgram: true },
      policyOf(profile.tenant),
    );
    const tokens = await this.issueTokens.tokens(profile, session, refreshToken);
    return { tokens, made: { tenantId, sessionId: session.id } };
  }

  /** Ends one whose code came a second time: somebody else has it, and nobody knows who was first. */
  async endReplayed(actor: Actor, { tenantId, sessionId }: SessionRef): Promise<void> {
    await this.db.transaction(actor.as({ tenantId }), async () => {
      const session = await this.sessions.lock(sessionId);
      if (session?.end('code_replayed', this.clock.now())) await this.sessions.save(session);
    });
    this.news.tell([sessionId]);
  }
}
