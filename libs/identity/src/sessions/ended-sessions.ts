import { Injectable } from '@nestjs/common';
import { Clock } from '#platform';
import { HEARD_WITHIN_MS, LONGEST_TOKEN_SECONDS } from '../domain/signing-key.js';

/** A session that ended. */
export interface Ended {
  id: string;
  endedAt: Date;
}

/** About 15 MB. */
export const MAX_REMEMBERED = 100_000;
/** After this long none of its access tokens lives, whatever the clocks say, in ms. */
export const REMEMBER_MS = LONGEST_TOKEN_SECONDS * 1_000 + HEARD_WITHIN_MS;

/**
 * The sessions that ended while their access tokens still live, as this process knows them. Asked on each request,
 * so it is memory, and bounded: when it is full it forgets the oldest and refuses every token as old as that instead.
 * Whoever is refused so refreshes, and whose session has ended cannot.
 */
@Injectable()
export class EndedSessions {
  private readonly ended = new Map<string, number>();
  /** Tokens issued until then are refused, in seconds of Unix time. */
  private horizon = 0;

  constructor(private readonly clock: Clock) {}

  /** Takes up what ended; what is known is not counted twice. Gives those that are new. */
  note(sessions: readonly Ended[], max = MAX_REMEMBERED): string[] {
    const fresh = sessions.filter(({ id }) => !this.ended.has(id));
    for (const { id, endedAt } of fresh) this.ended.set(id, endedAt.getTime());
    this.forget(max);
    return fresh.map(({ id }) => id);
  }

  /** Whether an access token, by its session and its iat in seconds, belongs to what has ended. */
  has(sessionId: string, issuedAt: number): boolean {
    return this.ended.has(sessionId) || issuedAt <= this.horizon;
  }

  private forget(max: number): void {
    const past = this.clock.now().getTime() - REMEMBER_MS;
    for (const [id, endedAt] of this.ended) {
      const full = this.ended.size > max;
      if (endedAt > past && !full) return;
      this.ended.delete(id);
      if (endedAt > past) this.horizon = Math.max(this.horizon, Math.ceil(endedAt / 1_000));
    }
  }
}
