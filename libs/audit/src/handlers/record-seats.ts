import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles, type PayloadOf } from '#platform';
import { SeatsRecorded } from '#licensing/events';
import type { AuditEntry } from '../domain/entry.js';
import { Entries } from '../persistence/entries.js';

type SeatEntry = PayloadOf<typeof SeatsRecorded>['entries'][number];

const ACTIONS: Record<SeatEntry['change'], string> = {
  acquired: 'SEAT_ACQUIRED',
  released: 'SEAT_RELEASED',
  lapsed: 'SEAT_LAPSED',
  refused: 'SEAT_REFUSED',
  ended: 'SEAT_ENDED',
};
const MINUTE_MS = 60_000;

/** Seat entries follow the ledger. Of refusals the first of a minute and pool is told at once, the others with their number. */
@Injectable()
@Handles('audit.record-seats', SeatsRecorded)
export class RecordSeats implements EventHandler<typeof SeatsRecorded> {
  constructor(private readonly entries: Entries) {}

  async handle(event: DeliveredEvent<typeof SeatsRecorded>): Promise<void> {
    const { entries } = event.payload;
    const changes = entries.filter((entry) => entry.change !== 'refused').map((entry) => entryOf(entry));
    const refusals = entries.filter((entry) => entry.change === 'refused');
    const perMinute = Object.values(Object.groupBy(refusals, minuteAndPool)).flatMap((group) =>
      group?.[0]
        ? [{ ...entryOf(group[0]), outcome: 'refused' as const, metadata: { count: sum(group) } }]
        : [],
    );
    await this.entries.append([...changes, ...perMinute]);
  }
}

const sum = (group: readonly SeatEntry[]) => group.reduce((total, entry) => total + (entry.count ?? 1), 0);

const minuteAndPool = (entry: SeatEntry) =>
  `${entry.licenseId} ${Math.floor(Date.parse(entry.at) / MINUTE_MS)}`;

function entryOf(entry: SeatEntry): AuditEntry {
  return entry.cause ? endOf(entry, entry.cause) : changeOf(entry);
}

/** Whoever ended it acted; the person who held it is told of. */
function endOf(entry: SeatEntry, { reason, actor, note }: NonNullable<SeatEntry['cause']>): AuditEntry {
  const told = changeOf(entry);
  return {
    ...told,
    actor,
    userId: actor.type === 'user' ? actor.id : null,
    action: reason === 'freed' ? 'SEAT_FREED' : ACTIONS.ended,
    metadata: { ...told.metadata, user_id: entry.userId, cause: reason, ...(note ? { reason: note } : {}) },
  };
}

function changeOf(entry: SeatEntry): AuditEntry {
  return {
    id: `aud_seat-${entry.ledgerId}`,
    actor: { type: entry.userId ? 'user' : 'licensed_program', id: entry.userId ?? (entry.device || null) },
    userId: entry.userId,
    action: ACTIONS[entry.change],
    subject: entry.licenseId,
    outcome: 'success',
    metadata: { license_id: entry.licenseId, seat_id: entry.seatId, device: entry.device },
    address: entry.address,
    traceId: entry.traceId,
    createdAt: new Date(entry.at),
  };
}
