import { Injectable } from '@nestjs/common';
import { Clock, Db, unauthenticated } from '#platform';
import type { CountedAttempt } from '../accounts/counted-attempt.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { isFresh, SessionProof } from '../sessions/session-proof.js';

/** A session that another one derives from. */
export interface SessionRef {
  tenantId: string;
  sessionId: string;
}

/** How somebody who is signed in has come to another session: in another tenant, or for a program of theirs. */
export interface Derived {
  from: SessionRef;
  /** Of that session, where it was brought. */
  refreshToken?: string | null;
  /** What was counted before it was guessed at, where something more was shown just now; and what it shows (RFC 8176). */
  attempt?: CountedAttempt;
  amr?: readonly string[];
  /** For a program, which the owner of that session let act for them, and what it calls what it runs on. */
  forProgram?: boolean;
  deviceName?: string | null;
}

/** What a session gives that another derives from. */
export interface Inherited {
  provider: string;
  amr: readonly string[];
  authTime: Date;
  reauthenticatedAt: Date | null;
  deviceName: string | null;
  rootId: string;
  programRootId: string | null;
  forProgram: boolean;
  from: SessionRef;
}

/** Whether a session may be derived from, and what that one has of it. */
@Injectable()
export class InheritSession {
  constructor(
    private readonly db: Db,
    private readonly sessions: AuthSessions,
    private readonly proof: SessionProof,
    private readonly clock: Clock,
  ) {}

  /**
   * In a transaction of its owner in its tenant, who is held. It is locked: it ends before this, or after. `isFresh`: its
   * owner has shown it to whoever derives, a short time ago. Throws the one 401 where it is over or about to end, 403
   * `REAUTHENTICATION_REQUIRED` for an access token alone.
   */
  async execute({ from, refreshToken, attempt, amr = [], ...how }: Derived): Promise<{
    making: Inherited;
    isFresh: boolean;
  }> {
    const [original, isOutdated] = await Promise.all([
      this.sessions.lock(from.sessionId),
      this.sessions.isOutdated(from.sessionId),
    ]);
    const now = this.clock.now();
    if (!original?.isLive(now) || original.userId !== this.db.actor.id || isOutdated)
      throw unauthenticated('the session it derives from is over');
    // Whoever let a program in has brought it then; whoever gives a code shows more than a token.
    if (!how.forProgram && !attempt) await this.proof.demand(original, refreshToken);
    const shown = how.forProgram ? null : original.reauthenticatedAt;
    const ofProgram = original.programRootId ?? (original.forProgram ? original.id : null);
    const making = {
      provider: original.provider,
      amr: [...new Set([...original.amr, ...amr])],
      authTime: original.authTime,
      reauthenticatedAt: amr.length > 0 ? now : shown,
      deviceName: how.deviceName ?? original.deviceName,
      rootId: original.rootId ?? original.id,
      programRootId: how.forProgram ? null : ofProgram,
      forProgram: how.forProgram ?? original.forProgram,
      from,
    };
    return { making, isFresh: !how.forProgram && isFresh(original, now) };
  }
}
