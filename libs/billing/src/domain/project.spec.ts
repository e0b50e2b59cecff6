import { readFileSync } from 'node:fs';
import { parsePriceList } from '../catalogue/price-list.js';
import type { DunningPolicy } from './dunning.js';
import { noticesOf } from './notices.js';
import { lookupKey } from './plan-price.js';
import { project } from './project.js';
import { isOurItem } from './ours.js';
import { NOTHING, type Standing } from './standing.js';
import type { ItemFacts, StripeFacts, SubscriptionFacts } from './stripe-facts.js';

const DAY = 86_400;
const START = Date.UTC(2026, 0, 1) / 1_000;
const at = (days: number) => new Date((START + days * DAY) * 1_000);
const POLICY: DunningPolicy = {
  graceMs: 7 * DAY * 1_000,
  restrictedMs: 7 * DAY * 1_000,
  onDispute: 'restrict',
  onRefund: 'keep',
};
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
  pausedAt: null,
  unpaid: null,
  ...more,
});
const facts = (...subscriptions: SubscriptionFacts[]): StripeFacts => ({
  customerId: 'cus_1',
  isDeleted: false,
  clockAt: null,
  subscriptions,
  charges: null,
});
const standing = (more: Partial<SubscriptionFacts> = {}, days = 1) =>
  project(facts(subscription(more)), PRICES, POLICY, at(days));

const UNPAID = {
  invoiceId: 'in_1',
  since: START,
  amountDue: 9900,
  currency: 'usd',
  nextAttemptAt: START + 3 * DAY,
  lastTriedAt: null,
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
      { state: 'none', access: 'free', plan: 'FREE', reasons: [], subscriptionId: null },
    ],
    [
      'a price nobody here sells, not paid for long',
      { items: [item('something_else')], status: 'past_due', unpaid: UNPAID },
      100,
      { state: 'none', access: 'free', unpaid: null, dueAt: null },
    ],
    [
      'a plan of ours that nobody knows any more',
      { items: [item('x', { lookupKey: null, plan: 'GOLD', part: 'base' })] },
      1,
      { state: 'active', access: 'free', plan: 'FREE', reasons: ['unknown_price'], subscriptionId: 'sub_1' },
    ],
    [
      'one that is not paid and ends by wish before its grace does',
      { status: 'past_due', unpaid: UNPAID, cancelAt: START + 3 * DAY },
      1,
      { state: 'grace', offlineUntil: at(3).getTime() },
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

  it('has no grace left once Stripe has given up, and is restricted for as long as anybody', () => {
    const given = { status: 'unpaid', unpaid: { ...UNPAID, lastTriedAt: START + 3 * DAY } };
    expect(standing(given, 3)).toMatchObject({
      state: 'restricted',
      restrictsAt: at(3).getTime(),
      suspendsAt: at(10).getTime(),
      dueAt: at(10).getTime(),
    });
    expect(standing(given, 9.9)).toMatchObject({ state: 'restricted' });
    expect(standing(given, 10)).toMatchObject({ state: 'suspended' });
  });

  it('is not restricted for less when Stripe gives up after the grace', () => {
    const late = { status: 'unpaid', unpaid: { ...UNPAID, lastTriedAt: START + 12 * DAY } };
    expect(standing(late, 12)).toMatchObject({ state: 'restricted', suspendsAt: at(14).getTime() });
  });

  it('without a word when Stripe gave up, it was at once, and nothing ends sooner than it was told to', () => {
    const given = { status: 'unpaid', unpaid: UNPAID };
    expect(standing(given, 0)).toMatchObject({
      state: 'restricted',
      restrictsAt: at(0).getTime(),
      suspendsAt: at(14).getTime(),
    });
    // As long as with a payment that was tried to the end.
    expect(standing(given, 13.9)).toMatchObject({ state: 'restricted' });
    expect(standing(given, 14)).toMatchObject({ state: 'suspended' });
  });

  it('that is paused because a payment failed for good, is not paid: told, restricted, suspended', () => {
    const given = { status: 'paused', pausedReason: 'final_payment_failure', pausedAt: START + 3 * DAY };
    const owing = { ...given, unpaid: UNPAID };
    expect(standing(owing, 3)).toMatchObject({
      state: 'restricted',
      reasons: ['final_payment_failure'],
      dunning: 'restricted',
      unpaid: { invoiceId: 'in_1' },
    });
    expect(standing(owing, 10)).toMatchObject({ state: 'suspended', access: 'none' });
    // Paid, it is a pause like others until somebody resumes it.
    expect(standing(given, 10)).toMatchObject({ state: 'paused', access: 'free', dunning: null });
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

  it('knows its own items from those that somebody has put beside them at the dashboard', () => {
    const support = item('support_month', { id: 'si_support' });
    const gone = item('none', { lookupKey: null, plan: 'BUSINESS', part: 'base' });
    expect([TEAM, support, gone].map((one) => isOurItem(one, PRICES))).toEqual([true, false, true]);
    expect(standing({ items: [support, TEAM] })).toMatchObject({ plan: 'TEAM', seats: 5, reasons: [] });
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

  it('is hidden by nothing else that the account sells to the same customer', () => {
    const support = (status: string) =>
      subscription({ id: 'sub_support', status, items: [item('support')], created: START + 9 });
    const ours = subscription({ id: 'sub_due', status: 'past_due', unpaid: UNPAID });
    expect(project(facts(support('active'), ours), PRICES, POLICY, at(1))).toMatchObject({
      ...{ subscriptionId: 'sub_due', state: 'grace', access: 'full', plan: 'TEAM' },
      ...{ reasons: [], duplicates: [] },
    });
    // Of ours, but of a plan that the list does not know any more: one too many.
    const gone = subscription({ id: 'sub_gone', items: [item('x', { lookupKey: null, plan: 'GOLD' })] });
    expect(project(facts(support('active'), gone, ours), PRICES, POLICY, at(1))).toMatchObject({
      ...{ subscriptionId: 'sub_due', duplicates: ['sub_gone'] },
    });
    const over = subscription({ status: 'canceled', endedAt: START });
    expect(project(facts(support('canceled'), over), PRICES, POLICY, at(1)).subscriptionId).toBe('sub_1');
    expect(project(facts(support('canceled')), PRICES, POLICY, at(1))).toMatchObject({ state: 'none' });
  });

  it('is what was bought, also when that plan is sold by contract alone from now on', () => {
    const plans = PRICES.plans.map((one) =>
      one.tier === 'TEAM' ? { ...one, kind: 'custom' as const, amounts: null, extraSeat: null } : one,
    );
    expect(project(facts(subscription()), { ...PRICES, plans }, POLICY, at(1))).toMatchObject({
      ...{ state: 'active', access: 'full', plan: 'TEAM', seats: 5, reasons: [] },
    });
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
      // Under the key of the first time, so that nobody hears it again.
      'subscribed',
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

  it('that it ends, each time that somebody cancels it within the same period', () => {
    const end = (days: number) => ({ cancelAt: START + 31 * DAY, cancelledAt: START + days * DAY });
    const walk = [standing(), standing(end(1)), standing(end(1)), standing(), standing(end(3)), standing()];
    const told = walk.slice(1).flatMap((after, i) => noticesOf(walk[i]!, after));
    expect(told.map((one) => one.kind)).toEqual(['ending', 'resumed', 'ending', 'resumed']);
    expect(new Set(told.map((one) => one.key)).size).toBe(4);
    // As those were called that were told before anybody asked when.
    const [early] = noticesOf(standing(), standing({ cancelAt: START + 31 * DAY }));
    expect(early!.key).toBe(`ending:sub_1:${at(31).getTime()}`);
  });

  it('that it has begun also where the first payment was awaited', () => {
    expect(kinds(NOTHING, standing({ status: 'incomplete' }))).toEqual([]);
    expect(kinds(standing({ status: 'incomplete' }), standing())).toEqual(['subscribed']);
  });

  it('that it is paused, each time, and goes on', () => {
    const paused = (days: number) =>
      standing({ status: 'paused', pausedReason: 'pause_requested', pausedAt: START + days * DAY }, days);
    const told = [standing(), paused(2), paused(2), standing({}, 3), paused(5)];
    const notices = told.slice(1).flatMap((after, i) => noticesOf(told[i]!, after));
    expect(notices.filter((one) => one.kind !== 'subscribed')).toEqual([
      { kind: 'paused', key: `paused:sub_1:pause_requested:${at(2).getTime()}`, reason: 'pause_requested' },
      {
        ...{ kind: 'resumed', reason: 'paused' },
        key: `resumed:paused:sub_1:pause_requested:${at(2).getTime()}`,
      },
      { kind: 'paused', key: `paused:sub_1:pause_requested:${at(5).getTime()}`, reason: 'pause_requested' },
    ]);
    const never = standing({ status: 'paused', pausedReason: 'first_payment_failure', pausedAt: START });
    expect(kinds(NOTHING, never)).toEqual(['paused']);
    expect(kinds(never, standing())).toEqual(['subscribed']);
  });

  it('that it is restricted when it is paused for a payment that failed for good', () => {
    const given = { status: 'paused', pausedReason: 'final_payment_failure', pausedAt: START + 3 * DAY };
    expect(kinds(steps[0]!, standing({ ...given, unpaid: UNPAID }, 3))).toEqual(['restricted']);
    expect(kinds(standing({ ...given, unpaid: UNPAID }, 3), standing({}, 4))).toEqual([
      'subscribed',
      'recovered',
    ]);
  });

  it('that a trial ends, once', () => {
    const trial = { status: 'trialing', trialEnd: START + 14 * DAY };
    expect(kinds(standing(trial, 1), standing(trial, 12))).toEqual(['trial_ending']);
    expect(kinds(standing(trial, 12), standing(trial, 13))).toEqual([]);
  });
});
