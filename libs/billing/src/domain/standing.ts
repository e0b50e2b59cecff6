import { isDeepStrictEqual } from 'node:util';
import type { LicenseType } from '#sdk/formats';
import type { Access, Interval, State } from '../events/words.js';
import type { Step } from './dunning.js';
import type { DiscountFacts, StripeFacts } from './stripe-facts.js';
import type { TakenBack } from './taken-back.js';

/** What somebody is in, why, and what they have of it. */
export interface StateAndAccess {
  state: State;
  /** Of a pause, or of what is wrong with the subscription. */
  reasons: readonly string[];
  access: Access;
}

/** What a look at Stripe comes to at a moment. Instants are ms since 1970, by the customer's time. */
export interface Standing extends StateAndAccess {
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
  /** When somebody last wished it; null: nobody did, or nobody knows. */
  endingSince: number | null;
  unpaid: { invoiceId: string; since: number; amountDue: number; currency: string } | null;
  /** How far not paying has come, whatever else withholds something; null: nothing is owed. */
  dunning: Step | null;
  restrictsAt: number | null;
  suspendsAt: number | null;
  pausedAt: number | null;
  /** null: nobody has looked. */
  takenBack: TakenBack | null;
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
  endingSince: null,
  unpaid: null,
  dunning: null,
  restrictsAt: null,
  suspendsAt: null,
  pausedAt: null,
  takenBack: null,
  offlineUntil: null,
  duplicates: [],
  dueAt: null,
};

/** What a coupon takes off what was bought; null: nothing does. */
export const discountOf = (facts: StripeFacts | null, { subscriptionId }: Standing): DiscountFacts | null =>
  facts?.subscriptions.find((one) => one.id === subscriptionId)?.discount ?? null;

/** What a tenant gets of this, and for how long offline: what licences follow. */
export const isSameRight = (one: Standing, other: Standing): boolean =>
  isDeepStrictEqual(rightOf(one), rightOf(other));

/** What is taken back is told by itself; what it changes of the right stands in state and reasons. */
const rightOf = ({ dueAt: _, isTrialEnding: __, takenBack: ___, endingSince: ____, ...right }: Standing) =>
  right;
