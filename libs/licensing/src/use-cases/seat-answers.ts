import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, GuessLimit, notFound, unauthenticated } from '#platform';
import { LicensingConfig } from '../licensing.config.js';
import { HEARTBEAT_INTERVAL_SECONDS } from '../seats/pool-policy.js';
import type { Caller, SeatAnswer } from '../seats/seat-pool.js';
import { type SeatGrant, SessionIds } from '../seats/session-id.js';

/** A seat as its holder hears of it. */
export interface HeldSeat {
  sessionId: string;
  expiresAt: Date;
  heartbeatIntervalSeconds: number;
  seats: { used: number; max: number | null };
}

type Answer<O extends SeatAnswer['outcome']> = Extract<SeatAnswer, { outcome: O }>;

export const callerOf = (actor: Actor): Caller => ({
  userId: actor.type === 'user' ? actor.id : null,
  traceId: actor.origin.traceId,
  address: actor.origin.address,
});

const MAX_WAIT_SECONDS = 60;

/** 409 with when a seat may come free. */
export function refuseFull(answer: Answer<'full'>): DomainError {
  const { used, max, earliestExpiry, freeInMs } = answer;
  return new DomainError('conflict', 'SEATS_EXHAUSTED', 'Every seat of the licence is taken.', {
    details: { used, max, earliestExpiry },
    // A seat may be released long before it would lapse: no program should wait longer to ask again.
    retryAfterSeconds: Math.min(MAX_WAIT_SECONDS, Math.ceil(freeInMs / 1000)),
  });
}

const BLOCKS: Record<string, [string, string]> = {
  SUSPENDED: ['LICENSE_SUSPENDED', 'The licence is suspended.'],
  REVOKED: ['LICENSE_REVOKED', 'The licence was revoked.'],
  EXPIRED: ['LICENSE_EXPIRED', 'The licence has expired.'],
  KEY_ACTIVATION: [
    'KEY_ACTIVATION_NOT_ALLOWED',
    'This licence needs a signed-in person; its key alone takes no seat.',
  ],
};

/** 403 with the licence's own reason; 404 for another tenant's licence. */
export function refuseBlocked(why: string): DomainError {
  const [code, message] = BLOCKS[why] ?? [];
  return code && message ? new DomainError('forbidden', code, message) : notFound('license');
}

/** The seat is over for good; acquire another. */
export const seatGone = () =>
  new DomainError('gone', 'SEAT_GONE', 'This seat was released or revoked; acquire another.');

/** Turns grants into session ids and back. */
@Injectable()
export class Sessions {
  private readonly ids: SessionIds;

  constructor(
    config: LicensingConfig,
    private readonly guesses: GuessLimit,
  ) {
    this.ids = new SessionIds(config.seatKeys);
  }

  held(grant: SeatGrant, answer: Answer<'held'>): HeldSeat {
    return {
      sessionId: this.ids.issue(grant),
      expiresAt: answer.expiresAt,
      heartbeatIntervalSeconds: HEARTBEAT_INTERVAL_SECONDS,
      seats: { used: answer.used, max: answer.max },
    };
  }

  /** The grant of a session id. Throws 401 when forged, 410 when its key is compromised, 403 for another tenant's bearer. */
  async read(actor: Actor, sessionId: string): Promise<SeatGrant> {
    const grant = this.ids.read(sessionId);
    if (grant === null) {
      await this.guesses.miss(actor.origin.address, 'session_id');
      throw unauthenticated('forged session_id');
    }
    if (grant === 'compromised') throw seatGone();
    if (actor.tenantId && actor.tenantId !== grant.tenantId) {
      throw new DomainError(
        'forbidden',
        'TENANT_MISMATCH',
        'The bearer belongs to another tenant than the seat.',
      );
    }
    return grant;
  }
}
