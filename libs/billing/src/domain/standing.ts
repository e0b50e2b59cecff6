import { isDeepStrictEqual } from 'node:util';
import type { LicenseType } from '#sdk/formats';
import type { Access, Interval, State } from '../events/words.js';

/** What a look at Stripe comes to at a moment. Instants are ms since 1970, by the customer's time. */
export interface Standing {
  state: State;
  /** Of a pause, or of what is wrong with the subscription. */
  reasons: readonly string[];
  access: Access;
  /** What was bought; FREE: nothing. */
  plan: LicenseType;
  interval: Interval | null;
  /** Seats bought; null: as the plan says. */
  seats: number | null;
  subscriptionId: string | null;
  periodEnd: number | null;
  trialEnd: number | null;
  /** A trial ends within three days. */
  isTrialEnding: boolean;
  /** When it ends by somebody's wish, or ended. */
  endsAt: number | null;
  unpaid: { invoiceId: string; since: number; amountDue: number; currency: string } | null;
  restrictsAt: number | null;
  suspendsAt: number | null;
  /** Until when what is signed for offline use may hold; null: as long as its plan lets it. */
  offlineUntil: number | null;
  /** Other subscriptions of the same customer that are alive: somebody pays twice. */
  duplicates: readonly string[];
  /** When time alone changes something of this; null: never. */
  dueAt: number | null;
}

export const NOTHING: Standing = {
  state: 'none',
  reasons: [],
  access: 'free',
  plan: 'FREE',
  interval: null,
  seats: null,
  subscriptionId: null,
  periodEnd: null,
  trialEnd: null,
  isTrialEnding: false,
  endsAt: null,
  unpaid: null,
  restrictsAt: null,
  suspendsAt: null,
  offlineUntil: null,
  duplicates: [],
  dueAt: null,
};

/** What a tenant gets of this, and for how long offline: what licences follow. */
export const isSameRight = (one: Standing, other: Standing): boolean =>
  isDeepStrictEqual(rightOf(one), rightOf(other));

const rightOf = ({ dueAt: _, isTrialEnding: __, ...right }: Standing) => right;
