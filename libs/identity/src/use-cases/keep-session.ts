import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, unauthenticated } from '#platform';
import type { AuthSession } from '../domain/auth-session.js';
import { policyOf, tenantSuspended } from '../domain/session-policy.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { SessionNews } from '../sessions/session-news.js';
import type { Profile } from './issue-tokens.js';
import { StartSession } from './start-session.js';

const NO_POLICY = { tenantStatus: 'active', requiresSecondFactor: false };

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
   * Gives the profile of one that does, which is null for who is no member any more. One whose tenant is suspended waits
   * for it: 403 `TENANT_SUSPENDED`. One that no longer shows what is asked, or whose owner is no member, ends, and its
   * owner signs in again: the one 401.
   */
  async execute(
    owner: Actor,
    session: AuthSession,
    profile: Profile | null | Promise<Profile | null>,
  ): Promise<Profile> {
    const found = Promise.resolve(profile);
    // Nothing of the policy stands against nobody: they are asked together, and membership is looked at first.
    const policy = found.then((one) => (one ? policyOf(one.tenant) : NO_POLICY));
    const [member, refusal] = await Promise.all([
      found,
      this.startSession.standsAgainst(owner, session.amr, policy),
    ]);
    if (member && !refusal) return member;
    if (!member) return this.end(owner, session, 'membership_ended');
    if (refusal === 'tenant_suspended') throw tenantSuspended();
    return this.end(
      owner,
      session,
      refusal === 'person_suspended' ? 'user_suspended' : 'second_factor_required',
    );
  }

  private async end(
    owner: Actor,
    session: AuthSession,
    reason: Parameters<AuthSession['end']>[0],
  ): Promise<never> {
    await this.db.transaction(owner, async () => {
      const locked = await this.sessions.lock(session.id);
      if (locked?.end(reason, this.clock.now())) await this.sessions.save(locked);
    });
    this.news.tell([session.id]);
    throw unauthenticated(`session over: ${reason}`);
  }
}
