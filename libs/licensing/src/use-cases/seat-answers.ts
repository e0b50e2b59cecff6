import { type Actor, DomainError, notFound, unauthenticated } from '#platform';
import type { Full, Held, SeatAnswer } from '../seats/seat-answer.js';
import type { Caller } from '../seats/seat-pool.js';
import { seatsUnavailable } from '../seats/seat-scripts.js';

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
function refuseFull({ used, max, earliestExpiry, freeInMs, position }: Full): DomainError {
  const queue = position === null ? {} : { queue: { position } };
  // A seat may be released long before it would lapse: no program should wait longer to ask again.
  const longest = position === null ? MAX_WAIT_SECONDS : QUEUE_WAIT_SECONDS;
  return new DomainError('conflict', 'SEATS_EXHAUSTED', 'Every seat of the licence is taken.', {
    details: { used, max, earliestExpiry, ...queue },
    retryAfterSeconds: Math.min(longest, Math.max(position === null ? 0 : 1, Math.ceil(freeInMs / 1000))),
  });
}

/** 503: the shard was emptied, and for so long nobody knows who still holds what. */
const refuseClosed = (forMs: number): DomainError =>
  seatsUnavailable(
    new Error(`The shard was emptied and is closed for ${forMs} ms more.`),
    Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.ceil(forMs / 1000))),
  );

/** An answer without a seat: why the licence is blocked; what else it says is thrown, 409 `SEATS_EXHAUSTED` or 503. */
export function refusalOf(answer: Exclude<SeatAnswer, Held>): { blocked: string } {
  switch (answer.outcome) {
    case 'blocked':
      return { blocked: answer.code };
    case 'full':
      throw refuseFull(answer);
    case 'closed':
      throw refuseClosed(answer.forMs);
    default:
      throw seatsUnavailable(new Error(`The pool answered ${answer.outcome}.`), 1);
  }
}

const BLOCKS: Record<string, [string, string]> = {
  SUSPENDED: ['LICENSE_SUSPENDED', 'The licence is suspended.'],
  REVOKED: ['LICENSE_REVOKED', 'The licence was revoked.'],
  TRANSFERRED: ['LICENSE_REVOKED', 'The licence was transferred to another organisation.'],
  EXPIRED: ['LICENSE_EXPIRED', 'The licence has expired.'],
  NOT_NAMED: ['NOT_A_NAMED_USER', 'Only the people named on this licence may use it.'],
  UNPROVED: ['EMAIL_NOT_VERIFIED', 'Whoever has this licence has to verify their e-mail address first.'],
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
