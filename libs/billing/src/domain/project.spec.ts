import { readFileSync } from 'node:fs';
import { parsePriceList } from '../catalogue/price-list.js';
import { noticesOf } from './notices.js';
import { lookupKey } from './plan-price.js';
import { project } from './project.js';
import { NOTHING, type Standing } from './standing.js';
import type { ItemFacts, StripeFacts, SubscriptionFacts } from './stripe-facts.js';

const DAY = 86_400;
const START = Date.UTC(2026, 0, 1) / 1_000;
const at = (days: number) => new Date((START + days * DAY) * 1_000);
const POLICY = { graceMs: 7 * DAY * 1_000, restrictedMs: 7 * DAY * 1_000 };
const PRICES = parsePriceList(readFileSync('plans.yaml', 'utf8'));

const item = (key: string, more: Partial<ItemFacts> = {}): ItemFacts => ({
  id: `si_${key}`,
  priceId: `price_${key}`,
  lookupKey: key,
  plan: null,
  part: null,
  interval: 'month',
  quantity: 1,
  periodEnd: START + 31 * DAY,
  ...more,
});
const TEAM = item(lookupKey('gatehouse', 'TEAM', 'base', 'month'));
const PRO = item(lookupKey('gatehouse', 'PRO', 'base', 'year'));

const subscription = (more: Partial<SubscriptionFacts> = {}): SubscriptionFacts => ({
  id: 'sub_1',
  status: 'active',
  created: START,
  periodStart: START,
  items: [TEAM],
  trialEnd: null,
  cancelAt: null,
  endedAt: null,
  pausedCollection: null,
  pausedReason: null,
  unpaid: null,
  ...more,
});
const facts = (...subscriptions: SubscriptionFacts[]): StripeFacts => ({
  customerId: 'cus_1',
  isDeleted: false,
  clockAt: null,
  subscriptions,
});
const standing = (more: Partial<SubscriptionFacts> = {}, days = 1) =>
  project(facts(subscription(more)), PRICES, POLICY, at(days));

const UNPAID = {
  invoiceId: 'in_1',
  since: START,
  amountDue: 9900,
  currency: 'usd',
  nextAttemptAt: START + 3 * DAY,
};

describe('where a customer stands', () => {
  it.each<[string, Partial<SubscriptionFacts>, number, Partial<Standing>]>([
    ['a subscription that is paid', {}, 1, { state: 'active', access: 'full', plan: 'TEAM', seats: 5 }],
    [
      'one on trial',
      { status: 'trialing', trialEnd: START + 14 * DAY },
      1,
      {
        state: 'trial',
        access: 'full',
        isTrialEnding: false,
        offlineUntil: at(14).getTime(),
        dueAt: at(11).getTime(),
      },
    ],
    [
      'one whose trial ends soon',
      { status: 'trialing', trialEnd: START + 14 * DAY },
      12,
      { state: 'trial', isTrialEnding: true, dueAt: at(14).getTime() },
    ],
    [
      'one that ends by wish',
      { cancelAt: START + 31 * DAY },
      1,
      { state: 'ending', access: 'full', endsAt: at(31).getTime(), offlineUntil: at(31).getTime() },
    ],
    [
      'a trial that ends by wish',
      { status: 'trialing', trialEnd: START + 14 * DAY, cancelAt: START + 14 * DAY },
      1,
      { state: 'ending' },
    ],
    ['a first payment that is awaited', { status: 'incomplete' }, 0, { state: 'pending', access: 'free' }],
    ['one that ended', { status: 'canceled', endedAt: START }, 1, { state: 'cancelled', plan: 'FREE' }],
    ['one that never began', { status: 'incomplete_expired' }, 1, { state: 'none', access: 'free' }],
    [
      'a paused one',
      { status: 'paused', pausedReason: 'trial_end_without_payment_method' },
      1,
      { state: 'paused', reasons: ['trial_end_without_payment_method'], access: 'free' },
    ],
    [
      'one that is not collected and not provided',
      { pausedCollection: 'void' },
      1,
      { state: 'paused', reasons: ['collection_void'], access: 'free' },
    ],
    [
      'one that is given for a while',
      { pausedCollection: 'mark_uncollectible' },
      1,
      { state: 'paused', access: 'full', seats: 5 },
    ],
    [
      'a price nobody here sells',
      { items: [item('something_else')] },
      1,
      { state: 'active', access: 'free', plan: 'FREE', reasons: ['unknown_price'] },
    ],
  ])('%s', (_, more, days, expected) => expect(standing(more, days)).toMatchObject(expected));

  it('bears an unpaid invoice from its own time: grace, then Free, then nothing (S1-52)', () => {
    const unpaid = { status: 'past_due', unpaid: UNPAID };
    const seen = [0, 6.9, 7, 13.9, 14, 100].map((days) => standing(unpaid, days));
    expect(seen.map(({ state, access }) => [state, access])).toEqual([
      ['grace', 'full'],
      ['grace', 'full'],
      ['restricted', 'free'],
      ['restricted', 'free'],
      ['suspended', 'none'],
      ['suspended', 'none'],
    ]);
    expect(seen.map(({ dueAt }) => dueAt)).toEqual(
      [7, 7, 14, 14, null, null].map((days) => (days === null ? null : at(days).getTime())),
    );
    // What was bought stays known: paid, it is all back.
    expect(seen.at(-1)).toMatchObject({ plan: 'TEAM', seats: 5, unpaid: { invoiceId: 'in_1' } });
    expect(standing({}, 20)).toMatchObject({ state: 'active', access: 'full', seats: 5, unpaid: null });
  });

  it('has no grace left once Stripe has given up', () => {
    const given = { status: 'unpaid', unpaid: UNPAID };
    expect(standing(given, 0)).toMatchObject({ state: 'restricted' });
    expect(standing(given, 14)).toMatchObject({ state: 'suspended' });
  });

  it('counts seats of the plan, those bought besides, and those of a price for each', () => {
    const extra = item(lookupKey('gatehouse', 'TEAM', 'seat', 'month'), { quantity: 3 });
    expect(standing({ items: [extra, TEAM] })).toMatchObject({ plan: 'TEAM', seats: 8 });
    // A seat of another plan is none of this one.
    expect(standing({ items: [extra, PRO] })).toMatchObject({ plan: 'PRO', seats: 1, interval: 'year' });
    const perSeat = { ...PRICES, plans: PRICES.plans.map((one) => ({ ...one, isPerSeat: true })) };
    const eleven = facts(subscription({ items: [{ ...TEAM, quantity: 11 }] }));
    expect(project(eleven, perSeat, POLICY, at(1)).seats).toBe(11);
  });

  it('knows a price that has lost its lookup key to a newer one', () => {
    const old = item('x', { lookupKey: null, plan: 'TEAM', part: 'base' });
    expect(standing({ items: [old] })).toMatchObject({ plan: 'TEAM', seats: 5 });
  });

  it('takes the best of several, in whatever order they come, and names the others', () => {
    const all = [
      subscription({ id: 'sub_old', status: 'canceled', endedAt: START }),
      subscription({ id: 'sub_due', status: 'past_due', unpaid: UNPAID, created: START + DAY }),
      subscription({ id: 'sub_pro', items: [PRO] }),
      subscription({ id: 'sub_new', created: START + 5 }),
      subscription({ id: 'sub_try', status: 'incomplete', created: START + 9 }),
    ];
    const first = project(facts(...all), PRICES, POLICY, at(1));
    expect(first).toMatchObject({ subscriptionId: 'sub_new', duplicates: ['sub_pro', 'sub_due'] });
    expect(project(facts(...all.toReversed()), PRICES, POLICY, at(1))).toEqual(first);
  });

  it('lives by the time of a test clock, where there is one', () => {
    const unpaid = subscription({ status: 'past_due', unpaid: UNPAID });
    const timed = { ...facts(unpaid), clockAt: START + 8 * DAY };
    expect(project(timed, PRICES, POLICY, at(0))).toMatchObject({ state: 'restricted', dueAt: null });
  });
});

describe('what people are told', () => {
  const kinds = (before: Standing, after: Standing) => noticesOf(before, after).map((one) => one.kind);
  const unpaid = { status: 'past_due', unpaid: UNPAID };
  const steps = [1, 8, 15].map((days) => standing(unpaid, days));

  it('every step of not paying, and that all is back', () => {
    const active = standing();
    const walk = [active, ...steps, active];
    expect(walk.slice(1).flatMap((after, i) => kinds(walk[i]!, after))).toEqual([
      'payment_failed',
      'restricted',
      'suspended',
      'recovered',
    ]);
    expect(noticesOf(active, steps[0]!)).toEqual([{ kind: 'payment_failed', key: 'payment_failed:in_1' }]);
  });

  it('that it began, ends, goes on after all, and is over', () => {
    const ending = standing({ cancelAt: START + 31 * DAY });
    const over = standing({ status: 'canceled', endedAt: START + 31 * DAY }, 32);
    expect(kinds(NOTHING, standing())).toEqual(['subscribed']);
    expect(kinds(standing(), ending)).toEqual(['ending']);
    expect(kinds(ending, standing())).toEqual(['resumed']);
    expect(kinds(ending, over)).toEqual(['cancelled']);
    expect(kinds(standing(), standing())).toEqual([]);
  });

  it('that a trial ends, once', () => {
    const trial = { status: 'trialing', trialEnd: START + 14 * DAY };
    expect(kinds(standing(trial, 1), standing(trial, 12))).toEqual(['trial_ending']);
    expect(kinds(standing(trial, 12), standing(trial, 13))).toEqual([]);
  });
});
