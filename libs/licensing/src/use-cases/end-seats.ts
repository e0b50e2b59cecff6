import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent } from '#platform';
import type { SEAT_ENDS } from '../events/index.js';
import { type KnownSeat, type Of, SeatHistory } from '../persistence/seat-history.js';
import { Licenses } from '../persistence/licenses.js';
import type { LedgerEntry } from '../persistence/seat-ledger.js';
import { ledgerIdOf, timeOf } from '../seats/ledger-entries.js';
import { shardOf } from '../seats/pool-keys.js';
import { type EndedSeat, type Ending, SeatDesk, type Whose } from '../seats/seat-desk.js';
import { SeatRecorder } from '../seats/seat-recorder.js';
import type { Place } from './place.js';

/** Who ended seats, as the trail tells it: an actor, or the actor of an event. */
export interface Ender {
  type: string;
  id: string | null;
  reason: string | null;
  traceId: string;
  address: string | null;
}

type Reason = (typeof SEAT_ENDS)[number];

const PAGE = 500;

export const enderOf = ({ type, id, reason, origin }: Actor): Ender => ({ type, id, reason, ...origin });

/** Whoever did what the event tells of. */
export const enderIn = ({ actor, traceId, address }: Omit<DeliveredEvent, 'payload'>): Ender => ({
  ...actor,
  traceId,
  address,
});

/** Ends seats for good when what they were given for has ended. Whoever asks has checked that it may. */
@Injectable()
export class EndSeats {
  constructor(
    private readonly desk: SeatDesk,
    private readonly history: SeatHistory,
    private readonly recorder: SeatRecorder,
    private readonly licenses: Licenses,
  ) {}

  /** One that is held, by `user` when that is not ''. Whether it was. Throws 503 when Redis is away. */
  async one(place: Place, whose: { seat: string; user: string }, by: Ender): Promise<boolean> {
    return (await this.end(place, whose, endingOf('freed', by))) > 0;
  }

  /** Every seat of a licence. Gives how many were held. Throws 503 when Redis is away. */
  async all(place: Place, reason: Reason, by: Ender): Promise<number> {
    return this.end(place, 'all', endingOf(reason, by));
  }

  /** What a person has on a licence. Throws 503 when Redis is away. */
  async ofUser(place: Place, userId: string, reason: Reason, by: Ender): Promise<void> {
    await this.end(place, { user: userId }, endingOf(reason, by));
    await this.close(place.tenantId, { userId, licenseId: place.licenseId }, endingOf(reason, by));
  }

  /** What a device has on a licence. Throws 503 when Redis is away. */
  async ofDevice(place: Place, device: string, reason: Reason, by: Ender): Promise<void> {
    await this.end(place, { device }, endingOf(reason, by));
    await this.close(place.tenantId, { device, licenseId: place.licenseId }, endingOf(reason, by));
  }

  /** What was acquired with a login session, on any licence of the tenant. Throws 503 when Redis is away. */
  async ofLogin(tenantId: string, login: { userId: string; sessionId: string }, by: Ender): Promise<void> {
    const { userId, sessionId } = login;
    const ending = endingOf('login_ended', by);
    const system = Actor.system(tenantId, by.traceId);
    for (let after: string | null = ''; after !== null;) {
      const ids: string[] = await this.licenses.ids(system, after, PAGE);
      // First, or a client would answer the end of its seat with another.
      await this.desk.closeLogin(ids, sessionId);
      await Promise.all(
        ids.map((licenseId) => this.end({ tenantId, licenseId }, { login: sessionId }, ending)),
      );
      after = ids.length < PAGE ? null : (ids.at(-1) ?? null);
    }
    await this.close(tenantId, { userId, loginId: sessionId }, ending);
  }

  /** In Postgres before anybody is told: what was freed stays free when Redis is emptied. Gives how many were held. */
  private async end(place: Place, whose: Whose, ending: Ending): Promise<number> {
    const shard = shardOf(place.licenseId);
    const ended = await this.desk.end(place, whose, ending);
    for (let i = 0; i < ended.length; i += PAGE) {
      const entries = ended.slice(i, i + PAGE).map((seat) => entryOf(place.licenseId, shard, seat, ending));
      await this.recorder.record(place.tenantId, shard, entries);
    }
    return ended.filter((seat) => seat.wasHeld).length;
  }

  /** A seat that lapsed is not held, and its holder's next heartbeat would bring it back. */
  private async close(tenantId: string, of: Of, ending: Ending): Promise<void> {
    const system = Actor.system(tenantId, ending.traceId);
    for (let after: KnownSeat | null = null, isMore = true; isMore;) {
      const known: KnownSeat[] = await this.history.open(system, of, after, PAGE);
      for (const [licenseId, seats] of Map.groupBy(known, (one) => one.licenseId)) {
        await this.end({ tenantId, licenseId }, { lapsed: seats.map((one) => one.seatId) }, ending);
      }
      after = known.at(-1) ?? null;
      isMore = known.length === PAGE;
    }
  }
}

const endingOf = (reason: Reason, { type, id, reason: note, traceId, address }: Ender): Ending => ({
  cause: { reason, actor: { type, id }, note },
  traceId,
  address,
});

/** As the drain will find it in the stream, too. */
const entryOf = (
  licenseId: string,
  shard: number,
  { seatId, entryId, device, userId }: EndedSeat,
  { cause, traceId, address }: Ending,
): LedgerEntry => ({
  ledgerId: ledgerIdOf(shard, entryId),
  change: 'ended',
  licenseId,
  seatId,
  device,
  userId,
  cause,
  traceId,
  address,
  at: timeOf(entryId),
});
