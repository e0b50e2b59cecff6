import { factsAfter } from './facts-after.js';
import type { StripeFacts, SubscriptionFacts } from './stripe-facts.js';

const NOW = new Date('2026-11-23T12:00:00Z');

const unpaid = (
  lastTriedAt: number | null,
  invoiceId = 'in_1',
  status = 'unpaid',
  nextAttemptAt: number | null = null,
): SubscriptionFacts => ({
  ...{ id: 'sub_1', status, created: 1, periodStart: 1, items: [], trialEnd: null, cancelAt: null },
  ...{ endedAt: null, pausedCollection: null, pausedReason: null, pausedAt: null },
  unpaid: { invoiceId, since: 1, amountDue: 1, currency: 'usd', nextAttemptAt, lastTriedAt },
});
const facts = (one: SubscriptionFacts, more: Partial<StripeFacts> = {}): StripeFacts => ({
  ...{ customerId: 'cus_1', isDeleted: false, clockAt: null, subscriptions: [one], charges: null },
  ...more,
});
const after = (look: SubscriptionFacts, before: SubscriptionFacts, more: Partial<StripeFacts> = {}) =>
  factsAfter(facts(look), facts(before, more), NOW).subscriptions[0]!.unpaid?.lastTriedAt;

describe('what is known after a look', () => {
  it.each([
    ['a payment that fails afterwards', unpaid(17), unpaid(2), 2],
    ['an earlier one that was not seen', unpaid(1), unpaid(2), 1],
    ['one that Stripe does not show any more', unpaid(null), unpaid(2), 2],
    ['one where there was nothing to try', unpaid(17), unpaid(null), null],
    ['another invoice', unpaid(17), unpaid(2, 'in_0'), 17],
    ['an invoice that was not given up before', unpaid(17), unpaid(2, 'in_1', 'past_due'), 17],
    ['attempts that found no card', unpaid(2), unpaid(null, 'in_1', 'past_due', 9), null],
    ['the last attempt', unpaid(9), unpaid(null, 'in_1', 'past_due', 9), 9],
    ['an invoice that is given up no more', unpaid(null, 'in_1', 'past_due'), unpaid(2), null],
  ])('of giving up an invoice is when that was first seen: %s', (_, look, before, at) => {
    expect(after(look, before)).toBe(at);
  });

  it('is of the same customer alone', () => {
    expect(after(unpaid(17), unpaid(2), { customerId: 'cus_2' })).toBe(17);
    expect(factsAfter(facts(unpaid(17)), null, NOW)).toEqual(facts(unpaid(17)));
  });

  it('holds what had been known of one that was deleted', () => {
    const look = facts(unpaid(17), { isDeleted: true, subscriptions: [] });
    expect(factsAfter(look, facts(unpaid(2)), NOW)).toMatchObject({
      isDeleted: true,
      subscriptions: [{ id: 'sub_1', status: 'canceled', unpaid: null }],
    });
  });
});
