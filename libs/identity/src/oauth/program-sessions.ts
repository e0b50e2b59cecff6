import { Injectable } from '@nestjs/common';
import { type Actor, unauthenticated } from '#platform';
import { policyOf } from '../domain/session-policy.js';
import { EndPersonSessions } from '../use-cases/end-person-sessions.js';
import { IssueTokens, type Tokens } from '../use-cases/issue-tokens.js';
import type { SessionRef } from '../use-cases/inherit-session.js';
import { StartSession } from '../use-cases/start-session.js';
import type { Approval } from './approval.js';

/** The sessions of programs that people let act for them. */
@Injectable()
export class ProgramSessions {
  constructor(
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
    private readonly endPersonSessions: EndPersonSessions,
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

  /**
   * Ends one whose code came a second time, and what was derived from it since: somebody else has it, and nobody knows who
   * was first. `userId`: whose it is.
   */
  async endReplayed(actor: Actor, userId: string, { tenantId, sessionId: id }: SessionRef): Promise<void> {
    await this.endPersonSessions.endFamily(actor, { tenantId, id, userId }, id, 'code_replayed');
  }
}
