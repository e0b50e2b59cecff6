import { intervalOf } from './seat-times.js';

/** A lapse that Postgres must know of before its place is told to somebody else. */
export interface Lapse {
  entryId: string;
  seatId: string;
  device: string;
}

export interface Held {
  outcome: 'held';
  seatId: string;
  expiresAt: Date;
  used: number;
  max: number | null;
  heartbeatIntervalSeconds: number;
  /** Until when it will be held once Postgres knows; null: `expiresAt` is all. */
  coming: Date | null;
  /** When it was decided, by Redis's clock. */
  at: Date;
  /** This call gave it; otherwise it was held before, and others may have been told. */
  isNew: boolean;
  /** The entry of the ledger, when this call wrote one. */
  entryId: string | null;
  /** Another login session has it now. */
  moved: boolean;
  lapses: readonly Lapse[];
  /** The policy in JSON, unless the caller has it. */
  policy: string | null;
}

export interface Full {
  outcome: 'full';
  used: number;
  max: number;
  earliestExpiry: Date;
  freeInMs: number;
  /** The place in the queue, from 1; null: there is none, or it is full. */
  position: number | null;
}

export type SeatAnswer =
  | Held
  | Full
  | { outcome: 'blocked'; code: string }
  /** The policy has to be read from Postgres, as it is at this moment of Redis's clock or later. */
  | { outcome: 'cold'; at: Date }
  /** Node-locked, and not to this device. */
  | { outcome: 'unbound'; policy: string | null }
  /** The shard was emptied; ask again in so long. */
  | { outcome: 'closed'; forMs: number }
  /** Redis knows nothing of it: the ledger must be asked. */
  | { outcome: 'unknown'; generation: number }
  /** Not held at this moment. */
  | { outcome: 'late' }
  | { outcome: 'gone' };

/** What the scripts that decide about a seat reply. */
export function answerOf([word, ...rest]: readonly unknown[]): SeatAnswer {
  switch (word) {
    case 'HELD': {
      const [seatId, expiry, used, max, long, coming, at, entryId, moved, lapses, policy] = rest;
      return {
        ...beatOf(String(seatId), [expiry, used, max, long, coming, at]),
        // '+': without an entry of its own, because nobody had been told that it lapsed.
        entryId: entryId && entryId !== '+' ? String(entryId) : null,
        isNew: Boolean(entryId),
        moved: moved === 1,
        lapses: lapsesOf(lapses as string[]),
        policy: (policy as string | null | undefined) ?? null,
      };
    }
    case 'FULL': {
      const [used, max, earliest, now, position] = rest.map(Number) as [
        number,
        number,
        number,
        number,
        number,
      ];
      return {
        outcome: 'full',
        used,
        max,
        earliestExpiry: new Date(earliest),
        freeInMs: Math.max(0, earliest - now),
        position: position || null,
      };
    }
    case 'BLOCKED':
      return { outcome: 'blocked', code: String(rest[0]) };
    case 'COLD':
      return { outcome: 'cold', at: new Date(Number(rest[0])) };
    case 'CLOSED':
      return { outcome: 'closed', forMs: Number(rest[0]) };
    case 'UNKNOWN':
      return { outcome: 'unknown', generation: Number(rest[0]) };
    case 'UNBOUND':
      return { outcome: 'unbound', policy: (rest[0] as string | null | undefined) ?? null };
    default:
      return { outcome: String(word).toLowerCase() as 'late' | 'gone' };
  }
}

/** What a heartbeat in time is answered. */
export function beatOf(seatId: string, [expiry, used, max, long, coming, at]: readonly unknown[]): Held {
  return {
    outcome: 'held',
    seatId,
    expiresAt: new Date(Number(expiry)),
    used: used as number,
    max: (max as number) < 0 ? null : (max as number),
    heartbeatIntervalSeconds: intervalOf(long === 1),
    coming: coming ? new Date(Number(coming)) : null,
    at: new Date(Number(at)),
    isNew: false,
    entryId: null,
    moved: false,
    lapses: [],
    policy: null,
  };
}

function lapsesOf(flat: readonly string[]): Lapse[] {
  const lapses: Lapse[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [seatId = '', device = ''] = flat[i + 1]!.split(' ');
    lapses.push({ entryId: flat[i]!, seatId, device });
  }
  return lapses;
}
