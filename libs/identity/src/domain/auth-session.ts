import { Aggregate, newId } from '#platform';
import { type SESSION_ENDS, SessionEnded, SessionRefreshed, SessionStarted } from '../events/index.js';

const DAY_MS = 86_400_000;
/** A login session ends 30 days after sign-in, or after 14 idle (contract). */
export const SESSION_LIFETIME_MS = 30 * DAY_MS;
export const SESSION_IDLE_MS = 14 * DAY_MS;

/** As auth_time tells it. */
const NEVER = new Date(0);

export type EndReason = (typeof SESSION_ENDS)[number];

/**
 * A person signed in, in one tenant: a family of refresh tokens. Not a seat. No entity of TypeORM, as other aggregates
 * are: its statements are those of each sign-in and refresh, and go out together.
 */
export class AuthSession extends Aggregate {
  readonly tenantId!: string;
  readonly id!: string;
  readonly userId!: string;
  readonly provider!: string;
  /** RFC 8176. */
  amr!: string[];
  readonly authTime!: Date;
  /** When its owner last showed who they are without signing in anew; null when they did not. */
  reauthenticatedAt!: Date | null;
  lastUsedAt!: Date;
  readonly address!: string | null;
  /** As the client names itself, cut; null when it does not. */
  readonly userAgent!: string | null;
  /** What its owner calls what it runs on, where the program said; null for what was signed in to by hand. */
  readonly deviceName!: string | null;
  /** The session of the sign-in that it comes of, where that is another one. */
  readonly rootId!: string | null;
  /** The session that a program was let in by, where this one comes of that and is another. */
  readonly programRootId!: string | null;
  /** A program's, which its owner let act for them: it has shown nothing by itself. */
  readonly forProgram!: boolean;
  readonly traceId!: string;
  endedAt!: Date | null;
  endReason!: EndReason | null;

  static start(
    init: {
      tenantId: string;
      userId: string;
      provider: string;
      /** RFC 8176; "fed" is the value in common use for somebody who signed in elsewhere. */
      amr: readonly string[];
      address: string | null;
      traceId: string;
      userAgent?: string | null;
      deviceName?: string | null;
      rootId?: string | null;
      programRootId?: string | null;
      forProgram?: boolean;
      /** When they showed who they are, where that was earlier. */
      authTime?: Date;
      reauthenticatedAt?: Date | null;
    },
    now: Date,
  ): AuthSession {
    const session = Object.assign(new AuthSession(), {
      ...init,
      userAgent: init.userAgent ?? null,
      id: newId('ses'),
      amr: [...init.amr],
      authTime: init.authTime ?? now,
      reauthenticatedAt: init.reauthenticatedAt ?? null,
      deviceName: init.deviceName ?? null,
      rootId: init.rootId ?? null,
      programRootId: init.programRootId ?? null,
      forProgram: init.forProgram ?? false,
      lastUsedAt: now,
      endedAt: null,
      endReason: null,
    });
    session.record(
      SessionStarted,
      { sessionId: session.id, userId: init.userId, provider: init.provider },
      now,
    );
    return session;
  }

  /** Whether it still signs in at `now`. */
  isLive(now: Date): boolean {
    return !this.endedAt && !this.hasRunOut(now);
  }

  /** Whether it signs in no more at `now`, though nobody may have ended it. */
  hasRunOut(now: Date): boolean {
    const age = now.getTime() - this.authTime.getTime();
    const idle = now.getTime() - this.lastUsedAt.getTime();
    return age >= SESSION_LIFETIME_MS || idle >= SESSION_IDLE_MS;
  }

  /**
   * When its owner last showed who they are: the auth_time of its tokens. Its thirty days run from the sign-in. Whoever lets a
   * program act for them has shown it at the browser and not to the program: that it shows anew, before what is dangerous.
   */
  get provenAt(): Date {
    return this.reauthenticatedAt ?? (this.forProgram ? NEVER : this.authTime);
  }

  /** Its owner has shown once more who they are, by these methods (RFC 8176). */
  reauthenticate(amr: readonly string[], now: Date): void {
    this.reauthenticatedAt = now;
    this.amr = [...new Set([...this.amr, ...amr])];
  }

  /** A new pair of tokens was given. */
  refresh(now: Date): void {
    this.lastUsedAt = now;
    this.record(SessionRefreshed, { sessionId: this.id, userId: this.userId }, now);
  }

  /** Ends it once; false when it had ended. */
  end(reason: EndReason, now: Date): boolean {
    if (this.endedAt) return false;
    this.endedAt = now;
    this.endReason = reason;
    this.record(SessionEnded, { sessionId: this.id, userId: this.userId, reason }, now);
    return true;
  }
}
