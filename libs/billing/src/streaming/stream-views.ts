import { z } from 'zod';
import { wire } from '#platform';
import type { LicenseRow } from '#licensing';
import { LICENSE_TYPES } from '#sdk/formats';
import type { Standing } from '../domain/standing.js';
import { NoticeRaised } from '../events/index.js';
import { ACCESSES, INTERVALS, STATES } from '../events/words.js';

const at = z.iso.datetime({ offset: true }).nullable();

const SubscriptionState = z.object({
  revision: z.int(),
  subscriptionId: z.string().nullable(),
  state: z.enum(STATES),
  reasons: z.array(z.string()),
  access: z.enum(ACCESSES),
  plan: z.enum(LICENSE_TYPES),
  interval: z.enum(INTERVALS).nullable(),
  seats: z.int().nullable(),
  periodEnd: at,
  trialEnd: at,
  endsAt: at,
  restrictsAt: at,
  suspendsAt: at,
});

const LicenseState = z.object({
  licenseId: z.string(),
  tier: z.enum(LICENSE_TYPES),
  status: z.string(),
  maxSeats: z.int().nullable(),
  entitlements: z.array(z.string()),
  expiresAt: at,
});

/** What the stream tells, by the name of the event. */
export const STREAMED = {
  state: z.object({ subscription: SubscriptionState, licenses: z.array(LicenseState) }),
  'subscription.changed': SubscriptionState,
  'license.changed': LicenseState,
  'notice.raised': NoticeRaised.schema,
} as const;

export type StreamedKind = keyof typeof STREAMED;

/** As it goes out. */
export const encoded = <K extends StreamedKind>(kind: K, value: z.input<(typeof STREAMED)[K]>): unknown =>
  wire(STREAMED[kind]).encode(value);

export function subscriptionState(revision: number, standing: Standing): z.input<typeof SubscriptionState> {
  const { subscriptionId, state, reasons, access, plan, interval, seats } = standing;
  return {
    ...{ revision, subscriptionId, state, reasons: [...reasons], access, plan, interval, seats },
    periodEnd: instant(standing.periodEnd),
    trialEnd: instant(standing.trialEnd),
    endsAt: instant(standing.endsAt),
    restrictsAt: instant(standing.restrictsAt),
    suspendsAt: instant(standing.suspendsAt),
  };
}

export const licenseState = (row: LicenseRow): z.input<typeof LicenseState> => ({
  licenseId: row.id,
  tier: row.tier,
  status: row.tenantSuspended && row.status === 'active' ? 'suspended' : row.status,
  maxSeats: row.terms.seats,
  entitlements: [...row.terms.entitlements],
  expiresAt: row.expiresAt?.toISOString() ?? null,
});

const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
