import { readFileSync } from 'node:fs';
import { parsePriceList } from '../catalogue/price-list.js';
import { project } from './project.js';
import type { ChargeFacts, StripeFacts, SubscriptionFacts } from './stripe-facts.js';

const START = Date.UTC(2026, 0, 1) / 1_000;
const PRICES = parsePriceList(readFileSync('plans.yaml', 'utf8'));
const POLICY = { graceMs: 1, restrictedMs: 1, onDispute: 'restrict', onRefund: 'restrict' } as const;

const subscription = (id: string, lookupKey: string | null): SubscriptionFacts => ({
  ...{ id, status: 'active', created: START, periodStart: START, trialEnd: null, cancelAt: null },
  ...{ endedAt: null, pausedCollection: null, pausedReason: null, pausedAt: null, unpaid: null },
  items: [
    {
      ...{ id: `si_${id}`, priceId: `price_${id}`, lookupKey, plan: null, part: null, interval: 'month' },
      ...{ quantity: 1, periodEnd: START + 31 * 86_400 },
    },
  ],
});
const OURS = subscription('sub_ours', 'gatehouse_team_month');
const SHIRTS = subscription('sub_shirts', null);

const charge = (id: string, more: Partial<ChargeFacts>): ChargeFacts => ({
  ...{ id, created: START, amount: 9_900, currency: 'usd', refunded: 0, invoiceId: null, disputes: [] },
  ...more,
});
const GIVEN_BACK = { refunded: 9_900 };
const DISPUTED = {
  disputes: [
    {
      ...{ id: 'dp_1', status: 'needs_response', reason: 'fraudulent', amount: 9_900, currency: 'usd' },
      respondBy: null,
    },
  ],
};

function standing(...list: ChargeFacts[]) {
  const facts: StripeFacts = {
    ...{ customerId: 'cus_1', isDeleted: false, clockAt: null, subscriptions: [OURS, SHIRTS] },
    charges: { ticket: 1, lookedAt: START, list },
  };
  return project(facts, PRICES, POLICY, new Date(START * 1_000));
}

describe('what was paid for something else at the same account of Stripe', () => {
  it.each([
    ['with another subscription', SHIRTS.id],
    ['by itself', null],
  ])('%s restricts nobody and is not told, refunded or disputed', (_, subscriptionId) => {
    const found = standing(
      charge('ch_ours', { subscriptionId: OURS.id }),
      charge('ch_refunded', { ...GIVEN_BACK, subscriptionId }),
      charge('ch_disputed', { ...DISPUTED, subscriptionId }),
    );
    expect(found).toMatchObject({ state: 'active', access: 'full', reasons: [] });
    expect(found.takenBack).toEqual({ refunds: [], disputes: [] });
  });

  it('hides no refund of ours', () => {
    const found = standing(
      charge('ch_ours', { ...GIVEN_BACK, subscriptionId: OURS.id }),
      charge('ch_shirt', { subscriptionId: null }),
    );
    expect(found).toMatchObject({ state: 'restricted', reasons: ['refunded'] });
    expect(found.takenBack!.refunds).toMatchObject([{ chargeId: 'ch_ours' }]);
  });

  it('is nobody’s before Stripe was asked whose it is: it takes nothing away, nor is it all that was paid', () => {
    expect(standing(charge('ch_1', GIVEN_BACK), charge('ch_2', DISPUTED))).toMatchObject({
      ...{ state: 'active', reasons: [], takenBack: { refunds: [], disputes: [] } },
    });
    const known = charge('ch_ours', { ...GIVEN_BACK, subscriptionId: OURS.id });
    expect(standing(known, charge('ch_2', {})).reasons).toEqual([]);
  });
});
