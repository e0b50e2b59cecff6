import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { SeatCause } from '../events/index.js';
import { loginsKey, poolKeys, shardOf } from './pool-keys.js';
import type { Caller } from './seat-pool.js';
import { type Reply, type SeatScript, SeatScripts, seatsUnavailable } from './seat-scripts.js';

/** A seat as those see it who may know who holds what. Its id names it and proves nothing. */
export interface PlacedSeat {
  seatId: string;
  device: string;
  userId: string | null;
  since: Date;
  expiresAt: Date;
}

/** Where a page of seats ended: they are in the order of their people. */
export interface SeatMark {
  userId: string | null;
  seatId: string;
}

/**
 * Which seats of a pool: of a person, of a login session, of a device, every one; one that is held, by `user` unless
 * that is ''; or these that have lapsed, unless somebody has taken them over.
 */
export type Whose =
  | { user: string }
  | { login: string }
  | { device: string }
  | 'all'
  | { seat: string; user: string }
  | { lapsed: string[] };

/** Why, and who is told to have done it. */
export interface Ending extends Pick<Caller, 'traceId' | 'address'> {
  cause: z.output<typeof SeatCause>;
}

/** A seat that has ended for good. */
export interface EndedSeat {
  seatId: string;
  /** Of the entry in the shard's stream. */
  entryId: string;
  device: string;
  userId: string | null;
  wasHeld: boolean;
}

/** Seats that one script ends at most, for Redis does nothing else meanwhile. */
const BATCH = 500;

/** Longer than an access token lives, which is an hour. */
const LOGIN_MARK_MS = 2 * 3_600_000;

type RawSeat = [seatId: string, device: string, info: string, expiry: number];

/** Who holds what, and the end of it. Every call throws 503 when Redis is away. */
@Injectable()
export class SeatDesk {
  constructor(private readonly scripts: SeatScripts) {}

  /**
   * Seats that are held now, by person and id, of one person when `user` is said. At most `limit`, and fewer where some
   * have lapsed; `next` is null on the last page.
   */
  async page(
    licenseId: string,
    { user, after, limit }: { user: string | null; after: SeatMark | null; limit: number },
  ): Promise<{ seats: PlacedSeat[]; next: SeatMark | null }> {
    const first = user === null ? 'u:' : `u:${user}:`;
    const from = after ? `(u:${user ?? after.userId ?? ''}:${after.seatId}` : `[${first}`;
    const to = `(${first.slice(0, -1)};`;
    const [, last, ...rows] = (await this.ask('list-seats', licenseId, [from, to, limit])) as [
      string,
      string,
      ...RawSeat[],
    ];
    return { seats: rows.map(placed), next: last === '' ? null : markOf(last) };
  }

  /** Ends seats for good: their heartbeats are answered 410 from then on. Gives what has ended. */
  async end(
    { tenantId, licenseId }: { tenantId: string; licenseId: string },
    whose: Whose,
    { cause, traceId, address }: Ending,
  ): Promise<EndedSeat[]> {
    const ended: EndedSeat[] = [];
    const { mode, names, isListed } = selectorOf(whose);
    const told = [licenseId, tenantId, traceId, address ?? '', JSON.stringify(cause), BATCH, mode];
    for (let rest = names, isMore = true; isMore; rest = rest.slice(BATCH)) {
      const batch = isListed ? rest.slice(0, BATCH) : names;
      const [, more, ...flat] = await this.ask('end-seats', licenseId, [...told, ...batch]);
      ended.push(...endedOf(flat as (string | number)[]));
      isMore = isListed ? rest.length > BATCH : more === 1;
    }
    return ended;
  }

  /** From now on nothing is acquired with a login session, on any licence of these, though its access token is still good. */
  async closeLogin(licenseIds: readonly string[], login: string): Promise<void> {
    const keys = new Set(licenseIds.map((id) => loginsKey(shardOf(id))));
    await Promise.all([...keys].map((key) => this.scripts.run('close-login', [key], [login, LOGIN_MARK_MS])));
  }

  /** Whether a device holds a seat. */
  async isHeldBy(licenseId: string, device: string): Promise<boolean> {
    const [word] = await this.ask('holds-device', licenseId, [device]);
    if (word === 'CLOSED') throw seatsUnavailable(new Error('The shard was emptied and is not whole again.'));
    return word === 'YES';
  }

  /** Tells the ledger that a device was refused, of a minute's refusals the first at once and the others by number. */
  async refuse(
    { tenantId, licenseId }: { tenantId: string; licenseId: string },
    device: string,
    { userId, sessionId, traceId, address }: Caller,
  ): Promise<void> {
    const by = [userId ?? '', sessionId ?? '', traceId, address ?? ''];
    await this.ask('refuse', licenseId, [licenseId, tenantId, device, ...by]);
  }

  private ask(script: SeatScript, licenseId: string, args: (string | number)[]): Promise<Reply> {
    return this.scripts.ask(script, licenseId, poolKeys(licenseId), args);
  }
}

function selectorOf(whose: Whose): { mode: string; names: string[]; isListed: boolean } {
  if (whose === 'all') return { mode: 'all', names: [], isListed: false };
  if ('seat' in whose) return { mode: 'seat', names: [whose.seat, whose.user], isListed: false };
  const [mode, named] = Object.entries(whose)[0] as [string, string | string[]];
  return { mode, names: [named].flat(), isListed: Array.isArray(named) };
}

function endedOf(flat: readonly (string | number)[]): EndedSeat[] {
  const ended: EndedSeat[] = [];
  for (let i = 0; i + 4 < flat.length; i += 5) {
    const [seatId, entryId, device, user] = flat.slice(i, i + 4).map(String) as [
      string,
      string,
      string,
      string,
    ];
    ended.push({ seatId, entryId, device, userId: user || null, wasHeld: flat[i + 4] === 1 });
  }
  return ended;
}

function placed([seatId, device, json, expiry]: RawSeat): PlacedSeat {
  const { user, since } = JSON.parse(json) as { user?: string | null; since?: number };
  return {
    seatId,
    device,
    userId: user || null,
    since: new Date(Number(since)),
    expiresAt: new Date(Number(expiry)),
  };
}

/** `u:<user>:<seat>`; nobody's seats have no user. */
function markOf(member: string): SeatMark {
  const [, user, seatId] = member.split(':');
  return { userId: user || null, seatId: seatId ?? '' };
}
