import { goneFacts } from './gone.js';
import type { StripeFacts, SubscriptionFacts } from './stripe-facts.js';

/** All but what was paid, which is looked at by itself. */
type Seen = Omit<StripeFacts, 'charges'>;

/** What is known after a look: what Stripe shows, and what it had shown before and tells no more. */
export function factsAfter(look: Seen, before: Seen | null, now: Date): Seen {
  if (before?.customerId !== look.customerId) return look;
  const known = new Map(before.subscriptions.map((one) => [one.id, one]));
  const subscriptions = look.subscriptions.map((one) => withFirstGivenUp(one, known.get(one.id)));
  return goneFacts({ ...look, subscriptions }, before, now);
}

/**
 * Stripe gave up an invoice when it was first seen so. Who tries to pay it afterwards, and fails, is one more failed charge
 * there, and wins no time. Where the last attempts found no card, there are no charges of them, and nothing says when.
 */
function withFirstGivenUp(one: SubscriptionFacts, before: SubscriptionFacts | undefined): SubscriptionFacts {
  const { unpaid } = one;
  if (one.status !== 'unpaid' || !unpaid) return one;
  if (before?.unpaid?.invoiceId !== unpaid.invoiceId) return one;
  const { lastTriedAt: first, nextAttemptAt } = before.unpaid;
  const tried = unpaid.lastTriedAt;
  if (before.status !== 'unpaid') {
    const hadNoCard = tried !== null && nextAttemptAt !== null && tried < nextAttemptAt;
    return hadNoCard ? { ...one, unpaid: { ...unpaid, lastTriedAt: null } } : one;
  }
  const lastTriedAt = first === null ? null : Math.min(first, tried ?? first);
  return { ...one, unpaid: { ...unpaid, lastTriedAt } };
}
