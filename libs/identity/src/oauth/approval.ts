import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf, notFound, occurred, unauthenticated } from '#platform';
import { SuspendedTenants } from '#tenancy';
import { tenantSuspended } from '../domain/session-policy.js';
import { ProgramAuthorized } from '../events/index.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { SessionProof } from '../sessions/session-proof.js';
import { sessionOf } from '../use-cases/switch-tenant.js';

/** Who let a program act for them, and by which session. */
export const Approval = z.object({ userId: idOf('usr'), tenantId: idOf('ten'), sessionId: idOf('ses') });
export type Approval = z.output<typeof Approval>;

/** Which program somebody lets act for them, and how it asked. */
export interface Approved {
  clientId: string;
  deviceName: string | null;
  how: 'code' | 'device';
}

/** Who answers a program at a browser. */
export interface Approver {
  /** The person, with the session that the browser has. */
  actor: Actor;
  /** Of that session; not needed by who has just shown who they are. */
  refreshToken?: string | null;
}

/** Notes that a person lets a program act for them, by a session of theirs that lives. */
@Injectable()
export class Approvals {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly proof: SessionProof,
    private readonly suspended: SuspendedTenants,
    private readonly clock: Clock,
  ) {}

  /**
   * What the program's session is to derive from. `claim` answers the request; of several who are at it one does, and the
   * others are told false. Throws the one 401, also for a session that is a program's itself; 403 `TENANT_SUSPENDED`, 403
   * `REAUTHENTICATION_REQUIRED` for an access token alone, 404 for who was not the one.
   */
  async give(
    { actor, refreshToken }: Approver,
    approved: Approved,
    claim: (approval: Approval) => Promise<boolean>,
  ): Promise<Approval> {
    const { tenantId, sessionId } = sessionOf(actor);
    if (this.suspended.has(tenantId)) throw tenantSuspended();
    const userId = actor.id ?? '';
    const approval = { userId, tenantId, sessionId };
    await this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const session = await this.sessions.lock(sessionId);
      if (!session?.isLive(now) || session.userId !== userId) throw unauthenticated('session over');
      if (session.forProgram) throw unauthenticated('a program lets no other in');
      await this.proof.demand(session, refreshToken);
      if (!(await claim(approval))) throw notFound('request');
      this.db.record([occurred(ProgramAuthorized, { userId, sessionId, ...approved }, now)]);
    });
    return approval;
  }
}
