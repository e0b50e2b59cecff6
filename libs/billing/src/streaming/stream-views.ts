import { z } from 'zod';
import { wire } from '#platform';
import { type LicenseRow, shownStatus } from '#licensing';
import { LICENSE_TYPES } from '#sdk/formats';
import { NoticeRaised } from '../events/index.js';
import { SubscriptionView } from '../http/billing.view.js';

const at = z.iso.datetime({ offset: true }).nullable();

const LicenseState = z.object({
  licenseId: z.string(),
  tier: z.enum(LICENSE_TYPES),
  status: z.string(),
  maxSeats: z.int().nullable(),
  entitlements: z.array(z.string()),
  expiresAt: at,
});

/** In the words of the subscription's view. */
const NoticeView = NoticeRaised.schema.omit({ trialEnd: true }).extend({ trialEndsAt: at });

/** What the stream tells, by the name of the event. */
export const STREAMED = {
  state: z.object({ subscription: SubscriptionView, licenses: z.array(LicenseState) }),
  'subscription.changed': SubscriptionView,
  'license.changed': LicenseState,
  'notice.raised': NoticeView,
} as const;

export type StreamedKind = keyof typeof STREAMED;

/** As it goes out. */
export const encoded = <K extends StreamedKind>(kind: K, value: z.input<(typeof STREAMED)[K]>): unknown =>
  wire(STREAMED[kind]).encode(value);

export const licenseState = (row: LicenseRow): z.input<typeof LicenseState> => ({
  licenseId: row.id,
  tier: row.tier,
  status: shownStatus(row),
  maxSeats: row.terms.seats,
  entitlements: [...row.terms.entitlements],
  expiresAt: row.expiresAt?.toISOString() ?? null,
});

export const noticeView = ({
  trialEnd,
  ...notice
}: z.output<typeof NoticeRaised.schema>): z.input<typeof NoticeView> => ({
  ...notice,
  trialEndsAt: trialEnd,
});
