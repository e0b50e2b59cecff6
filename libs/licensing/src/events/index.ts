import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

export * from './lease-events.js';
export * from './license-events.js';
export * from './usage-events.js';

export const LicenseIssued = defineEvent(
  'licensing.license.issued',
  1,
  z.strictObject({
    licenseId: idOf('lic'),
    tier: z.string(),
    maxSeats: z.int().nullable(),
    /** null: an operator issued it. */
    issuedToUserId: idOf('usr').nullable(),
  }),
);

/** Something that seats or verdicts depend on is different now. */
export const LicenseChanged = defineEvent(
  'licensing.license.changed',
  1,
  z.strictObject({ licenseId: idOf('lic') }),
);

/** What happened to a seat. A lapse is told by whoever notices it; the seat itself was free at its TTL. */
export const SEAT_CHANGES = ['acquired', 'released', 'lapsed', 'refused', 'ended'] as const;

/** Why a seat was ended for good without its holder asking. */
export const SEAT_ENDS = [
  'freed',
  'login_ended',
  'user_removed',
  'role_changed',
  'device_unbound',
  'device_moved',
  'suspended',
  'revoked',
  'transferred',
] as const;

/** Who ended a seat, and why; `note` is the reason that an operator gave. */
export const SeatCause = z.strictObject({
  reason: z.enum(SEAT_ENDS),
  actor: z.strictObject({ type: z.string(), id: z.string().nullable() }),
  note: z.string().nullable(),
});

/** Seat changes of one tenant that have reached the ledger, oldest first. */
export const SeatsRecorded = defineEvent(
  'licensing.seats.recorded',
  1,
  z.strictObject({
    entries: z
      .array(
        z.strictObject({
          ledgerId: z.string(),
          change: z.enum(SEAT_CHANGES),
          licenseId: idOf('lic'),
          seatId: z.string().nullable(),
          /** The keyed hash of the hardware id; the id itself is never kept (C37). */
          device: z.string(),
          userId: idOf('usr').nullable(),
          /** The login session that it was acquired with, if with one. */
          loginId: idOf('ses').nullable().optional(),
          traceId: z.string(),
          address: z.string().nullable(),
          /** How many refusals this entry stands for; one unless said. */
          count: z.int().min(1).optional(),
          /** Of what was ended; left out of the rest. */
          cause: SeatCause.nullable().optional(),
          at: z.iso.datetime({ offset: true }),
        }),
      )
      .min(1)
      .max(500),
  }),
);

/**
 * Redis lost a shard of the tenant's seats: what happened after the last entry that had reached the ledger may be
 * missing from it.
 */
export const SeatsForgotten = defineEvent(
  'licensing.seats.forgotten',
  1,
  z.strictObject({
    shard: z.int(),
    generation: z.int(),
    /** null: nothing of the shard ever reached the ledger. */
    recordedUntil: z.iso.datetime({ offset: true }).nullable(),
    noticedAt: z.iso.datetime({ offset: true }),
  }),
);

/** A device has a place on a node-locked licence from now on. */
export const DeviceBound = defineEvent(
  'licensing.device.bound',
  1,
  z.strictObject({ licenseId: idOf('lic'), device: z.string(), userId: idOf('usr').nullable() }),
);

/** The place of a device on a node-locked licence is free again. */
export const DeviceUnbound = defineEvent(
  'licensing.device.unbound',
  1,
  z.strictObject({ licenseId: idOf('lic'), device: z.string() }),
);
