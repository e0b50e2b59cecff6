import { isAlive } from './project.js';
import type { StripeFacts } from './stripe-facts.js';

/** All but what was paid, which is looked at by itself. */
type Seen = Omit<StripeFacts, 'charges'>;

/**
 * What is known of a customer that was deleted at Stripe, which tells no more of it than that: its subscriptions ended
 * with it (docs.stripe.com/api/customers/delete). The same however often it is looked at.
 */
export function goneFacts(look: Seen, before: Seen | null, now: Date): Seen {
  if (!look.isDeleted || before?.customerId !== look.customerId) return look;
  if (before.isDeleted) return before;
  const endedAt = before.clockAt ?? Math.floor(now.getTime() / 1_000);
  const subscriptions = before.subscriptions.map((one) => {
    if (!isAlive(one.status)) return one;
    const status = one.status === 'incomplete' ? 'incomplete_expired' : 'canceled';
    return { ...one, status, endedAt, unpaid: null };
  });
  return { ...before, isDeleted: true, subscriptions };
}
