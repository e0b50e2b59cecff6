import { z } from 'zod';
import { idOf } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import type { LicenseRow } from '../persistence/licenses.js';
import { VERDICT_CODES } from '../domain/verdict.js';

const Tier = z.enum(LICENSE_TYPES);
const Seats = z.object({
  used: z.int(),
  /** null: unlimited */
  max: z.int().nullable(),
});

export const LicenseView = z.object({
  id: idOf('lic'),
  tier: Tier,
  status: z.enum(['active', 'suspended', 'revoked']),
  maxSeats: z.int().nullable(),
  entitlements: z.array(z.string()),
  keyActivation: z.boolean(),
  key: z.string(),
  expiresAt: z.date().nullable(),
  createdAt: z.date(),
});

/** `key` in full for those who may see it, masked for the rest. */
export const licenseView = (row: LicenseRow, key: string | null): z.input<typeof LicenseView> => ({
  ...row,
  status: row.tenantSuspended && row.status === 'active' ? 'suspended' : row.status,
  key: key ?? row.keyMasked,
});

export const LicensePage = z.object({ data: z.array(LicenseView), nextCursor: z.string().nullable() });

export const SeatView = z.object({
  sessionId: z.string(),
  expiresAt: z.date(),
  heartbeatIntervalSeconds: z.int(),
  seats: Seats,
  license: z.object({ id: idOf('lic'), tier: Tier, entitlements: z.array(z.string()) }),
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
  nonce: z.string().optional(),
});
