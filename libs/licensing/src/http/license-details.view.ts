import { z } from 'zod';
import { LEASE_MODES } from '#sdk/formats';
import { METER_PERIODS, OVERAGES } from '../domain/terms.js';
import { checkInDueAt } from '../domain/license-term.js';
import type { LicenseRow } from '../persistence/license-row.js';

const Named = z.object({ id: z.string(), code: z.string(), name: z.string() }).nullable();

/** What a tenant sees of a licence beside its tier, seats and key. */
export const LicenseDetails = z.object({
  name: z.string().nullable(),
  product: Named,
  policy: Named,
  kind: z.enum(['floating', 'node_locked']),
  seats: z.object({
    /** What was bought; null: unlimited. */
    included: z.int().nullable(),
    overage: z.enum(OVERAGES),
    /** With overage: nobody is let in beyond it. null: unlimited. */
    max: z.int().nullable(),
  }),
  leasing: z.enum(['device', 'user']),
  uniqueness: z.enum(['license', 'product', 'tenant']),
  namedUsers: z.boolean(),
  heartbeatMode: z.enum(LEASE_MODES),
  flags: z.record(z.string(), z.boolean()),
  meters: z.record(
    z.string(),
    z.object({ limit: z.int().nullable(), period: z.enum(METER_PERIODS), billed: z.boolean() }),
  ),
  offlineDevices: z.int().nullable(),
  airGappedDays: z.int(),
  metadata: z.record(z.string(), z.string()),
  /** When the status became what it is, and why; null: it is the first. */
  statusAt: z.date().nullable(),
  statusReason: z.string().nullable(),
  /** null: its term begins with its first use. */
  startedAt: z.date().nullable(),
  expiryStrategy: z.enum(['restrict', 'maintain', 'allow']),
  checkInDueAt: z.date().nullable(),
});

export function licenseDetails(row: LicenseRow): z.input<typeof LicenseDetails> {
  const { terms } = row;
  return {
    ...terms,
    name: row.name,
    product: named(row.productId, row.productCode, row.productName),
    policy: named(row.policyId, row.policyCode, row.policyName),
    seats: { included: terms.seats, overage: terms.overage, max: terms.seatCap },
    metadata: row.metadata,
    statusAt: row.statusAt,
    statusReason: row.statusReason,
    startedAt: row.startedAt,
    checkInDueAt: checkInDueAt(row, terms),
  };
}

const named = (id: string | null, code: string | null, name: string | null) =>
  id && code && name ? { id, code, name } : null;

export const DETAILS_EXAMPLE = {
  name: 'Build servers',
  product: { id: 'prod_01k9zq6mwee4rr8q3fjz6c1v2d', code: 'gatehouse', name: 'Gatehouse' },
  policy: null,
  kind: 'floating',
  seats: { included: 1, overage: '1x', max: 1 },
  leasing: 'device',
  uniqueness: 'license',
  named_users: false,
  heartbeat_mode: 'none',
  flags: { agent_access: false, cloud_sync: false },
  meters: { commands: { limit: 10, period: 'day', billed: false } },
  offline_devices: 2,
  air_gapped_days: 0,
  metadata: {},
  status_at: null,
  status_reason: null,
  started_at: '2026-11-22T09:30:00.000Z',
  expiry_strategy: 'restrict',
  check_in_due_at: null,
};
