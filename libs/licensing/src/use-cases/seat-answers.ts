import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, GuessLimit, notFound, unauthenticated } from '#platform';
import { LicensingConfig } from '../licensing.config.js';
import type { Full, Held } from '../seats/seat-answer.js';
import { type Caller, seatsUnavailable } from '../seats/seat-pool.js';
import { type SeatGrant, SessionIds } from '../seats/session-id.js';

/** A seat as its holder hears of it. */
export interface HeldSeat {
  expiresAt: Date;
  heartbeatIntervalSeconds: number;
  seats: { used: number; max: number | null };
}

export const callerOf = (actor: Actor): Caller => ({
  userId: actor.type === 'user' ? actor.id : null,
  sessionId: actor.type === 'user' ? actor.sessionId : null,
  traceId: actor.origin.traceId,
  address: actor.origin.address,
});

export const heldSeat = ({ expiresAt, heartbeatIntervalSeconds, used, max }: Held): HeldSeat => ({
  expiresAt,
  heartbeatIntervalSeconds,
  seats: { used, max },
});

const MAX_WAIT_SECONDS = 60;
/** Who waits asks three times before the place in the queue would be lost. */
const QUEUE_WAIT_SECONDS = 20;

/** 409 with when a seat may come free, and the place in the queue if there is one. */
export function refuseFull({ used, max, earliestExpiry, freeInMs, position }: Full): DomainError {
  const queue = position === null ? {} : { queue: { position } };
  // A seat may be released long before it would lapse: no program should wait longer to ask again.
  const longest = position === null ? MAX_WAIT_SECONDS : QUEUE_WAIT_SECONDS;
  return new DomainError('conflict', 'SEATS_EXHAUSTED', 'Every seat of the licence is taken.', {
    details: { used, max, earliestExpiry, ...queue },
    retryAfterSeconds: Math.min(longest, Math.max(position === null ? 0 : 1, Math.ceil(freeInMs / 1000))),
  });
}

/** 503: the shard was emptied, and for so long nobody knows who still holds what. */
export const refuseClosed = (forMs: number): DomainError =>
  seatsUnavailable(
    new Error(`The shard was emptied and is closed for ${forMs} ms more.`),
    Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.ceil(forMs / 1000))),
  );

const BLOCKS: Record<string, [string, string]> = {
  SUSPENDED: ['LICENSE_SUSPENDED', 'The licence is suspended.'],
  REVOKED: ['LICENSE_REVOKED', 'The licence was revoked.'],
  TRANSFERRED: ['LICENSE_REVOKED', 'The licence was transferred to another organisation.'],
  EXPIRED: ['LICENSE_EXPIRED', 'The licence has expired.'],
  NOT_NAMED: ['NOT_A_NAMED_USER', 'Only the people named on this licence may use it.'],
  KEY_ACTIVATION: [
    'KEY_ACTIVATION_NOT_ALLOWED',
    'This licence needs a signed-in person; its key alone takes no seat.',
  ],
};

/** 403 with the licence's own reason; 404 for another tenant's licence. */
export function refuseBlocked(why: string, details?: Record<string, unknown>): DomainError {
  if (why === 'LOGIN_ENDED') return unauthenticated('the login session has ended');
  const [code, message] = BLOCKS[why] ?? [];
  return code && message ? new DomainError('forbidden', code, message, { details }) : notFound('license');
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

  issue(grant: SeatGrant): string {
    return this.ids.issue(grant);
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
