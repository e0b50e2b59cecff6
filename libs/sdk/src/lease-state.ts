import type { Lease, LeaseStatus } from './formats/lease.js';

/** A clock may be this far behind what it has shown before, in ms: two minutes, inclusive. */
export const CLOCK_TOLERANCE_MS = 120_000;

export type LeaseStateName = 'fresh' | 'grace' | 'free' | 'suspended' | 'revoked' | 'clock_tampered';

/** Why it is `free`. */
export type FreeReason =
  | 'NO_LEASE'
  /** Its usable time is over. */
  | 'LEASE_ENDED'
  /** It needs a seat, and the seat has lapsed or was released. */
  | 'SEAT_ENDED'
  /** The server said that somebody else has the seat, or that it was taken away. */
  | 'SEAT_LOST';

/** What is known of this client's seat. `held` is believed until `expiresAt`, epoch ms by the server's clock. */
export type SeatKnowledge =
  { status: 'held'; expiresAt: number } | { status: 'lost' } | { status: 'released' };

/** The client's idea of time, epoch ms. The server's clock is `wall + offset`. */
export interface TrustedTime {
  /** What the machine's clock shows now. */
  wall: number;
  /** What the last answered contact found the machine's clock to be behind by; 0 before any. */
  offset: number;
  /** The latest `wall + offset` ever seen; 0 before any. */
  highWater: number;
}

/** What an exchange with the server came to. */
export type Answer =
  /**
   * A status without a signed lease; null: none came (time-out, no network, not ours). Only a refused seat says
   * anything: 410 SEAT_GONE, 409 SEATS_EXHAUSTED and 409 DEVICE_IN_USE. Whatever else, 401 and 403 included, is not
   * signed and changes nothing: neither a proxy nor an outage may take a licence away.
   */
  | { kind: 'http'; status: number | null; code?: string }
  /** A verified lease. `live`: asked for and answered just now, so its `issuedAt` is the server's present time. */
  | { kind: 'lease'; lease: Lease; live: boolean }
  /** A heartbeat or acquire granted the seat until `expiresAt`. */
  | { kind: 'seat'; expiresAt: number }
  /** This client gave its seat back. */
  | { kind: 'released' };

export interface LeaseStateInput {
  /** The verified lease in the cache. */
  lease: Lease | null;
  time: TrustedTime;
  seat: SeatKnowledge | null;
  /** The answer that has just come; null: only time has passed. */
  answer: Answer | null;
}

/** What must be remembered for the next question. */
export interface Kept {
  lease: Lease | null;
  offset: number;
  highWater: number;
  seat: SeatKnowledge | null;
}

export interface LeaseState {
  state: LeaseStateName;
  /** Set when `free`. */
  reason: FreeReason | null;
  /** When the state changes if nothing is heard, epoch ms by the server's clock; null: never by itself. */
  until: number | null;
  /** Milliseconds to `until`; in `grace`, what is left of it. */
  leftMs: number | null;
  /** The time it was judged at: never before what was seen before. Offline quotas count by it. */
  now: number;
  /** Whether the answer's lease replaced the cached one: keep its token. */
  taken: boolean;
  keep: Kept;
}

/**
 * What a client may do now: the one rule for all of them, with vectors for any language in test/vectors/lease-state.json.
 * Pure; ask it once for each answer as it comes, and again as time passes, each time with what `keep` said before.
 *
 * | in this order | state |
 * |---|---|
 * | no lease | free NO_LEASE |
 * | the lease says revoked or suspended | that, for ever: until a higher signed revision |
 * | the clock is more than two minutes behind what it has shown, or behind `issuedAt` | clock_tampered, until a live lease |
 * | from `usableUntil` on | free LEASE_ENDED |
 * | seat lost, and the lease is seat-bound or the mode is any but `none` | free SEAT_LOST |
 * | seat-bound or mode `strict`, and no seat is held now | free SEAT_ENDED |
 * | before `freshUntil` | fresh |
 * | else | grace |
 *
 * Of two leases of one licence the higher revision wins; of the same revision the graver status, then the later issue. A
 * lease of another licence wins if it was issued later.
 */
export function leaseState(input: LeaseStateInput): LeaseState {
  const { keep, taken } = learn(input);
  const { lease, seat } = keep;
  const shown = input.time.wall + keep.offset;
  const floor = Math.max(keep.highWater, lease?.issuedAt ?? 0);
  const now = Math.max(shown, floor);

  const { state, reason = null, until = null } = judge(lease, seat, now, shown < floor - CLOCK_TOLERANCE_MS);
  const leftMs = until === null ? null : until - now;
  return { state, reason, until, leftMs, now, taken, keep: { ...keep, highWater: now } };
}

interface Judgement {
  state: LeaseStateName;
  reason?: FreeReason;
  until?: number;
}

function judge(lease: Lease | null, seat: SeatKnowledge | null, now: number, isSetBack: boolean): Judgement {
  if (!lease) return { state: 'free', reason: 'NO_LEASE' };
  if (lease.status !== 'active') return { state: lease.status };
  if (isSetBack) return { state: 'clock_tampered' };
  if (now >= lease.usableUntil) return { state: 'free', reason: 'LEASE_ENDED' };

  const needsSeat = lease.seatBound || lease.mode === 'strict';
  if (seat?.status === 'lost' && (needsSeat || lease.mode !== 'none'))
    return { state: 'free', reason: 'SEAT_LOST' };
  const seatEnd = needsSeat ? seatEndOf(lease, seat) : Infinity;
  if (now >= seatEnd) return { state: 'free', reason: 'SEAT_ENDED' };

  const end = Math.min(lease.usableUntil, seatEnd);
  return now < lease.freshUntil
    ? { state: 'fresh', until: Math.min(lease.freshUntil, end) }
    : { state: 'grace', until: end };
}

function seatEndOf(lease: Lease, seat: SeatKnowledge | null): number {
  if (seat === null) return lease.seatExpiresAt ?? -Infinity;
  return seat.status === 'held' ? seat.expiresAt : -Infinity;
}

function learn({ lease, time, seat, answer }: LeaseStateInput): { keep: Kept; taken: boolean } {
  const { offset, highWater } = time;
  const keep: Kept = { lease, offset, highWater, seat };
  switch (answer?.kind) {
    case undefined:
      return { keep, taken: false };
    case 'http':
      return { keep: isSeatRefusal(answer) ? { ...keep, seat: { status: 'lost' } } : keep, taken: false };
    case 'seat':
      return { keep: { ...keep, seat: { status: 'held', expiresAt: answer.expiresAt } }, taken: false };
    case 'released':
      return { keep: { ...keep, seat: { status: 'released' } }, taken: false };
    case 'lease': {
      const next = answer.lease;
      if (lease && !supersedes(next, lease)) return { keep, taken: false };
      const clock =
        lease && next.issuedAt <= lease.issuedAt ? { offset, highWater } : reckon(next, answer.live, time);
      return { keep: { lease: next, ...clock, seat: seatAfter(next, lease, seat) }, taken: true };
    }
  }
}

const isSeatRefusal = ({ status, code }: { status: number | null; code?: string }) =>
  (status === 410 && code === 'SEAT_GONE') ||
  (status === 409 && (code === 'SEATS_EXHAUSTED' || code === 'DEVICE_IN_USE'));

const GRAVITY: Record<LeaseStatus, number> = { active: 0, suspended: 1, revoked: 2 };

function supersedes(next: Lease, current: Lease): boolean {
  if (next.licenseId === current.licenseId) {
    if (next.revision !== current.revision) return next.revision > current.revision;
    if (next.status !== current.status) return GRAVITY[next.status] > GRAVITY[current.status];
  }
  return next.issuedAt > current.issuedAt;
}

/**
 * The clock after a lease newer than any seen. A live one tells the server's time, so a clock that was wrong in either
 * direction, and a high-water mark left by one that ran ahead, are put right. A file only tells that it is no earlier
 * than its issue.
 */
function reckon(next: Lease, live: boolean, { wall, offset }: TrustedTime) {
  if (live || wall + offset < next.issuedAt)
    return { offset: next.issuedAt - wall, highWater: next.issuedAt };
  return { offset, highWater: wall + offset };
}

function seatAfter(next: Lease, previous: Lease | null, seat: SeatKnowledge | null): SeatKnowledge | null {
  if (next.seatExpiresAt !== null) return { status: 'held', expiresAt: next.seatExpiresAt };
  return previous && previous.licenseId !== next.licenseId ? null : seat;
}
