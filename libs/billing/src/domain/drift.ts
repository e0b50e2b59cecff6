import { isDeepStrictEqual } from 'node:util';
import { isAlive } from './project.js';
import type { Standing } from './standing.js';
import type { StripeFacts, SubscriptionFacts } from './stripe-facts.js';

/** How Stripe and we may disagree. */
export const DRIFTS = [
  /** Stripe has a subscription of a tenant of ours that we do not know. */
  'missing',
  /** We know it as it no longer is. */
  'stale',
  /** As it no longer is in its quantities alone. */
  'quantity',
  /** A subscription to a plan of ours whose customer is no tenant here. */
  'orphan',
  /** Two that are alive: somebody pays twice. */
  'duplicate',
  /** We give a plan that nothing at Stripe pays for. */
  'access_without_payment',
] as const;
export type Drift = (typeof DRIFTS)[number];

/** How a subscription as Stripe lists it differs from what we hold of its customer; null: not at all. */
export function driftOf(
  listed: SubscriptionFacts,
  held: StripeFacts | null,
): 'missing' | 'stale' | 'quantity' | null {
  const known = held?.subscriptions.find((one) => one.id === listed.id);
  // One that is over and was never known has nothing to give.
  if (!known) return isAlive(listed.status) ? 'missing' : null;
  if (isDeepStrictEqual(bare(listed), bare(known))) return null;
  return isDeepStrictEqual(withoutQuantities(listed), withoutQuantities(known)) ? 'quantity' : 'stale';
}

/** Whether the tenant has something that a living subscription has to stand behind. */
export const needsPayment = ({ state, access }: Standing): boolean =>
  access === 'full' && state !== 'contract' && state !== 'none' && state !== 'cancelled';

/** A list does not show what is not paid; what was kept before a field was there is as if it had none. */
const bare = ({ unpaid: _, discount = null, cancelledAt = null, ...rest }: SubscriptionFacts) => ({
  ...rest,
  discount,
  cancelledAt,
});

const withoutQuantities = (one: SubscriptionFacts) => {
  const { items, ...rest } = bare(one);
  return { ...rest, items: items.map(({ quantity: _, ...item }) => item) };
};
