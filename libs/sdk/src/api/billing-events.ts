import {
  asObject,
  type Claims,
  parseObject,
  readCount,
  readInstant,
  readList,
  readNames,
  readNullable,
  readText,
} from '../formats/claims.js';
import type { SentEvent } from './sent-events.js';

/** Where an organisation stands with its subscription. Times are epoch ms. */
export interface SubscriptionState {
  /** Grows with every change. */
  revision: number;
  subscriptionId: string | null;
  /** Such as `active`, `grace` or `cancelled`; `none`: nothing was ever bought. */
  state: string;
  reasons: readonly string[];
  /** `full`: what was bought; `free`: what Free gives; `none`: nothing. */
  access: string;
  plan: string;
  interval: string | null;
  /** null: as the plan says. */
  seats: number | null;
  periodEnd: number | null;
  trialEnd: number | null;
  endsAt: number | null;
  /** Not paid: when less is given, and when nothing. */
  restrictsAt: number | null;
  suspendsAt: number | null;
}

export interface LicenseState {
  licenseId: string;
  tier: string;
  status: string;
  /** null: unlimited. */
  maxSeats: number | null;
  entitlements: readonly string[];
  expiresAt: number | null;
}

/** What people were told about what they pay. */
export interface BillingNotice {
  /** Such as `payment_failed` or `trial_ending`. */
  kind: string;
  /** The same for the same notice. */
  key: string;
  plan: string;
  planName: string;
  /** In the smallest unit of the currency. */
  amountDue: number | null;
  currency: string | null;
}

/** What a billing stream tells. `id` is where another stream goes on behind it. */
export type BillingEvent = { id: string } & (
  | { kind: 'state'; subscription: SubscriptionState; licenses: readonly LicenseState[] }
  | { kind: 'subscription.changed'; subscription: SubscriptionState }
  | { kind: 'license.changed'; license: LicenseState }
  | { kind: 'notice.raised'; notice: BillingNotice }
);

const MAX_LICENSES = 1_000;

/** Null for a kind that a later server has. Throws InvalidDocument when it is not as it should be. */
export function readBillingEvent({ id, kind, data }: SentEvent): BillingEvent | null {
  if (id === null) return null;
  const told = () => parseObject(data, 'event');
  switch (kind) {
    case 'state': {
      const state = told();
      return {
        ...{ id, kind },
        subscription: readSubscription(asObject(state['subscription'], 'subscription')),
        licenses: readList(state, 'licenses', MAX_LICENSES, (one) => readLicense(asObject(one, 'license'))),
      };
    }
    case 'subscription.changed':
      return { id, kind, subscription: readSubscription(told()) };
    case 'license.changed':
      return { id, kind, license: readLicense(told()) };
    case 'notice.raised':
      return { id, kind, notice: readNotice(told()) };
    default:
      return null;
  }
}

const readSubscription = (claims: Claims): SubscriptionState => ({
  revision: readCount(claims, 'revision'),
  subscriptionId: readNullable(claims, 'subscription_id', readText),
  state: readText(claims, 'state'),
  reasons: readNames(claims, 'reasons'),
  access: readText(claims, 'access'),
  plan: readText(claims, 'plan'),
  interval: readNullable(claims, 'interval', readText),
  seats: readNullable(claims, 'seats', readCount),
  periodEnd: readNullable(claims, 'period_end', readInstant),
  trialEnd: readNullable(claims, 'trial_end', readInstant),
  endsAt: readNullable(claims, 'ends_at', readInstant),
  restrictsAt: readNullable(claims, 'restricts_at', readInstant),
  suspendsAt: readNullable(claims, 'suspends_at', readInstant),
});

const readLicense = (claims: Claims): LicenseState => ({
  licenseId: readText(claims, 'license_id'),
  tier: readText(claims, 'tier'),
  status: readText(claims, 'status'),
  maxSeats: readNullable(claims, 'max_seats', readCount),
  entitlements: readNames(claims, 'entitlements'),
  expiresAt: readNullable(claims, 'expires_at', readInstant),
});

const readNotice = (claims: Claims): BillingNotice => ({
  kind: readText(claims, 'kind'),
  key: readText(claims, 'key'),
  plan: readText(claims, 'plan'),
  planName: readText(claims, 'plan_name'),
  amountDue: readNullable(claims, 'amount_due', readCount),
  currency: readNullable(claims, 'currency', readText),
});
