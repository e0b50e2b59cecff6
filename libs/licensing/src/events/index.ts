import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

export const LicenseIssued = defineEvent(
  'licensing.license.issued',
  1,
  z.strictObject({
    licenseId: idOf('lic'),
    tier: z.string(),
    maxSeats: z.int().nullable(),
    issuedToUserId: idOf('usr'),
  }),
);

/** Something that seats or verdicts depend on is different now. */
export const LicenseChanged = defineEvent(
  'licensing.license.changed',
  1,
  z.strictObject({ licenseId: idOf('lic') }),
);

/** What happened to a seat. A lapse is told by whoever notices it; the seat itself was free at its TTL. */
export const SEAT_CHANGES = ['acquired', 'released', 'lapsed', 'refused'] as const;

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
          traceId: z.string(),
          address: z.string().nullable(),
          /** How many refusals this entry stands for; one unless said. */
          count: z.int().min(1).optional(),
          at: z.iso.datetime({ offset: true }),
        }),
      )
      .min(1)
      .max(500),
  }),
);
