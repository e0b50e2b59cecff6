import { goneFacts } from './gone.js';
import type { StripeFacts, SubscriptionFacts } from './stripe-facts.js';

const NOW = new Date('2026-11-23T12:00:00Z');
const subscription = (id: string, status: string): SubscriptionFacts => ({
  ...{ id, status, created: 1, periodStart: 1, items: [], trialEnd: null, cancelAt: null, endedAt: null },
  ...{ pausedCollection: null, pausedReason: null, pausedAt: null },
  unpaid: {
    invoiceId: 'in_1',
    since: 1,
    amountDue: 1,
    currency: 'usd',
    nextAttemptAt: null,
    lastTriedAt: null,
  },
});
const facts = (
  customerId: string,
  isDeleted: boolean,
  ...subscriptions: SubscriptionFacts[]
): StripeFacts => ({
  ...{ customerId, isDeleted, clockAt: null, subscriptions, charges: null },
});

describe('a customer that was deleted', () => {
  it('has nothing that is alive, and nothing that it owes', () => {
    const before = facts('cus_1', false, subscription('a', 'past_due'), subscription('b', 'incomplete'));
    const gone = goneFacts(facts('cus_1', true), before, NOW);
    expect(gone).toMatchObject({
      isDeleted: true,
      subscriptions: [
        { id: 'a', status: 'canceled', endedAt: NOW.getTime() / 1_000, unpaid: null },
        { id: 'b', status: 'incomplete_expired', unpaid: null },
      ],
    });
    expect(goneFacts(facts('cus_1', true), gone, new Date(0))).toBe(gone);
  });

  it('is nobody else’s', () => {
    const look = facts('cus_1', true);
    expect(goneFacts(look, facts('cus_2', false, subscription('a', 'active')), NOW)).toBe(look);
    expect(goneFacts(look, null, NOW)).toBe(look);
    const alive = facts('cus_1', false);
    expect(goneFacts(alive, facts('cus_1', false, subscription('a', 'active')), NOW)).toBe(alive);
  });
});
