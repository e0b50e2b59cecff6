import {
  asObject,
  type Claims,
  parseObject,
  readCount,
  readFlag,
  readInstant,
  readList,
  readNames,
  readNullable,
  readNumber,
  readOptional,
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
  trialEndsAt: number | null;
  periodEndsAt: number | null;
  /** When it ends, or ended, by somebody's wish. */
  endsAt: number | null;
  /** What is owed, in the smallest unit of the currency, and since when. */
  unpaid: { amount: number; currency: string; since: number } | null;
  /** Not paid: when less is given, and when nothing. */
  restrictsAt: number | null;
  suspendsAt: number | null;
  isTrialUsed: boolean;
  /** What a coupon takes off each invoice; one of the two. */
  discount: {
    name: string;
    percentOff: number | null;
    /** In the smallest unit of the currency. */
    amountOff: { amount: number; currency: string } | null;
    endsAt: number | null;
  } | null;
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
  /** What is left of the plan: `full`, `free` or `none`. */
  access: string;
  /** In the smallest unit of the currency. */
  amountDue: number | null;
  /** What was given back, or is disputed; in the smallest unit of the currency. */
  amount: number | null;
  currency: string | null;
  /** Why it is disputed or paused, or how a dispute was decided, in Stripe's words. */
  reason: string | null;
  /** Until when a dispute can be answered; epoch ms. */
  respondBy: number | null;
  trialEndsAt: number | null;
  endsAt: number | null;
  restrictsAt: number | null;
  suspendsAt: number | null;
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

/** Null also of a server that has no word for it yet. */
const late = <T>(claims: Claims, name: string, read: (claims: Claims, name: string) => T): T | null =>
  readOptional(claims, name, read) ?? null;

/** An instant that servers of before call otherwise. */
const renamed = (claims: Claims, name: string, before: string): number | null =>
  readNullable(claims, Object.hasOwn(claims, before) ? before : name, readInstant);

/** What is read as late or renamed, a server of before does not say, or says in other words. */
export const readSubscription = (claims: Claims): SubscriptionState => ({
  revision: readCount(claims, 'revision'),
  subscriptionId: late(claims, 'subscription_id', readText),
  state: readText(claims, 'state'),
  reasons: readNames(claims, 'reasons'),
  access: readText(claims, 'access'),
  plan: readText(claims, 'plan'),
  interval: readNullable(claims, 'interval', readText),
  seats: readNullable(claims, 'seats', readCount),
  trialEndsAt: renamed(claims, 'trial_ends_at', 'trial_end'),
  periodEndsAt: renamed(claims, 'period_ends_at', 'period_end'),
  endsAt: readNullable(claims, 'ends_at', readInstant),
  unpaid: late(claims, 'unpaid', readUnpaid),
  restrictsAt: readNullable(claims, 'restricts_at', readInstant),
  suspendsAt: readNullable(claims, 'suspends_at', readInstant),
  isTrialUsed: late(claims, 'is_trial_used', readFlag) ?? false,
  discount: late(claims, 'discount', readDiscount),
});

const readDiscount = (claims: Claims, name: string): NonNullable<SubscriptionState['discount']> => {
  const discount = asObject(claims[name], name);
  return {
    name: readText(discount, 'name'),
    percentOff: readNullable(discount, 'percent_off', readNumber),
    amountOff: readNullable(discount, 'amount_off', (from, member) => {
      const money = asObject(from[member], member);
      return { amount: readCount(money, 'amount'), currency: readText(money, 'currency') };
    }),
    endsAt: readNullable(discount, 'ends_at', readInstant),
  };
};

const readUnpaid = (claims: Claims, name: string) => {
  const unpaid = asObject(claims[name], name);
  return {
    amount: readCount(unpaid, 'amount'),
    currency: readText(unpaid, 'currency'),
    since: readInstant(unpaid, 'since'),
  };
};

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
  access: late(claims, 'access', readText) ?? 'full',
  amountDue: readNullable(claims, 'amount_due', readCount),
  amount: late(claims, 'amount', readCount),
  currency: readNullable(claims, 'currency', readText),
  reason: late(claims, 'reason', readText),
  respondBy: late(claims, 'respond_by', readInstant),
  trialEndsAt: renamed(claims, 'trial_ends_at', 'trial_end'),
  endsAt: readNullable(claims, 'ends_at', readInstant),
  restrictsAt: readNullable(claims, 'restricts_at', readInstant),
  suspendsAt: readNullable(claims, 'suspends_at', readInstant),
});
