import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate, newId } from '#platform';
import { type SESSION_ENDS, SessionEnded, SessionRefreshed, SessionStarted } from '../events/index.js';

const DAY_MS = 86_400_000;
/** A login session ends 30 days after sign-in, or after 14 idle (contract). */
export const SESSION_LIFETIME_MS = 30 * DAY_MS;
export const SESSION_IDLE_MS = 14 * DAY_MS;

type EndReason = (typeof SESSION_ENDS)[number];

/** A person signed in, in one tenant: a family of refresh tokens. Not a seat. */
@Entity({ schema: 'identity', name: 'auth_sessions' })
export class AuthSession extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ name: 'user_id', type: 'text' })
  readonly userId!: string;

  @Column({ type: 'text' })
  provider!: string;

  @Column({ type: 'text', array: true })
  amr!: string[];

  @Column({ name: 'auth_time', type: 'timestamptz' })
  authTime!: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz' })
  lastUsedAt!: Date;

  @Column({ type: 'text', nullable: true })
  address!: string | null;

  @Column({ name: 'trace_id', type: 'text' })
  traceId!: string;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  @Column({ name: 'end_reason', type: 'text', nullable: true })
  endReason!: EndReason | null;

  static start(
    init: { tenantId: string; userId: string; provider: string; address: string | null; traceId: string },
    now: Date,
  ): AuthSession {
    const session = Object.assign(new AuthSession(), {
      ...init,
      id: newId('ses'),
      // RFC 8176 has no value for "signed in elsewhere"; this is the one in common use.
      amr: ['fed'],
      authTime: now,
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
    if (this.endedAt) return false;
    const age = now.getTime() - this.authTime.getTime();
    const idle = now.getTime() - this.lastUsedAt.getTime();
    return age < SESSION_LIFETIME_MS && idle < SESSION_IDLE_MS;
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
