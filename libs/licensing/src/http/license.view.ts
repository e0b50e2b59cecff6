import { z } from 'zod';
import { idOf } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { shownStatus } from '../domain/block.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { VERDICT_CODES } from '../domain/verdict.js';
import { LicenseDetails, licenseDetails } from './license-details.view.js';

const Tier = z.enum(LICENSE_TYPES);
const Seats = z.object({
  used: z.int(),
  /** null: unlimited */
  max: z.int().nullable(),
});

export const LicenseView = LicenseDetails.extend({
  id: idOf('lic'),
  tier: Tier,
  status: z.enum(['active', 'suspended', 'revoked', 'transferred']),
  maxSeats: z.int().nullable(),
  entitlements: z.array(z.string()),
  keyActivation: z.boolean(),
  key: z.string(),
  expiresAt: z.date().nullable(),
  createdAt: z.date(),
});

/** `key` in full for those who may see it, masked for the rest. */
export const licenseView = (row: LicenseRow, key: string | null): z.input<typeof LicenseView> => ({
  ...licenseDetails(row),
  id: row.id,
  tier: row.tier,
  expiresAt: row.expiresAt,
  createdAt: row.createdAt,
  maxSeats: row.terms.seats,
  entitlements: [...row.terms.entitlements],
  keyActivation: row.terms.keyActivation,
  status: shownStatus(row),
  key: key ?? row.keyMasked,
});

export const LicensePage = z.object({ data: z.array(LicenseView), nextCursor: z.string().nullable() });

export const SeatView = z.object({
  sessionId: z.string(),
  expiresAt: z.date(),
  heartbeatIntervalSeconds: z.int(),
  seats: Seats,
  license: z.object({ id: idOf('lic'), tier: Tier, entitlements: z.array(z.string()) }),
  /** A signed `license-lease+jwt`. */
  lease: z.string(),
});

export const BeatView = SeatView.pick({ expiresAt: true, heartbeatIntervalSeconds: true, seats: true });

export const ReleaseView = z.object({ released: z.boolean() });

export const VerdictView = z.object({
  valid: z.boolean(),
  code: z.enum(VERDICT_CODES),
  detail: z.string(),
  license: z
    .object({
      id: idOf('lic'),
      tier: Tier,
      entitlements: z.array(z.string()),
      expiresAt: z.date().nullable(),
    })
    .optional(),
  /** Of the meters that have a limit. */
  quota: z
    .array(
      z.object({
        meter: z.string(),
        limit: z.int(),
        remaining: z.int(),
        resetsAt: z.date().nullable(),
      }),
    )
    .optional(),
  lease: z.string().optional(),
  nonce: z.string().optional(),
});
