import { Injectable } from '@nestjs/common';
import { Clock } from '#platform';
import { AccountLimits } from '../accounts/accounts.config.js';
import { Budgets, tooMany } from '../accounts/budgets.js';
import type { AuthSession } from '../domain/auth-session.js';
import { AuthSessions } from '../persistence/auth-sessions.js';

/** What somebody uses, on all of their machines and in all of their programs, with much to spare. */
export const MAX_SESSIONS = 100;
const WINDOW_SECONDS = 600;

/** How many sessions there may be of one person, and how many may come of others: neither costs whoever has a token anything. */
@Injectable()
export class SessionRoom {
  constructor(
    private readonly budgets: Budgets,
    private readonly limits: AccountLimits,
    private readonly sessions: AuthSessions,
    private readonly clock: Clock,
  ) {}

  /** Counts one that is to derive from another, whatever becomes of it. Throws 429 `RATE_LIMITED`. */
  async take(userId: string): Promise<void> {
    const waitMs = await this.budgets.take('derive', userId, this.limits.derivedSessions, WINDOW_SECONDS);
    if (waitMs > 0) throw tooMany(waitMs);
  }

  /**
   * Inside the transaction that begins one: the oldest of the same person in the same tenant end where there are too many,
   * but never the one that it derives from. Every process finds them within two seconds.
   */
  async keepTo({ userId }: AuthSession, from?: string): Promise<void> {
    const now = this.clock.now();
    const oldest = await this.sessions.lockBeyond(userId, MAX_SESSIONS, now);
    await this.sessions.endAll(
      oldest.filter((one) => one.id !== from),
      'too_many',
      now,
    );
  }
}
