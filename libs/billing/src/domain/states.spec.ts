import { readFileSync } from 'node:fs';
import { parsePriceList } from '../catalogue/price-list.js';
import { STATES } from '../events/words.js';
import { standingOf } from './contract.js';
import type { DunningPolicy } from './dunning.js';
import { lookupKey } from './plan-price.js';
import type { Standing } from './standing.js';
import type { ChargeFacts, ItemFacts, SubscriptionFacts } from './stripe-facts.js';

const DAY = 86_400;
const START = Date.UTC(2026, 0, 1) / 1_000;
const PRICES = parsePriceList(readFileSync('plans.yaml', 'utf8'));
/** What was bought, and what was agreed. */
const SEATS = 8;
const TERMS = { plan: 'ENTERPRISE', seats: 40, endsAt: new Date((START + 90 * DAY) * 1_000).toISOString() };

interface Row {
  state: string;
  when: string;
  access: string;
  seats: string;
  leases: string;
}

/** The table of the room's README. */
const ROWS: readonly Row[] = readFileSync('libs/billing/README.md', 'utf8')
  .split('## States')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [state, when, access, seats, leases] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return {
      state: state!.replaceAll('`', ''),
      when: when!,
      access: access!,
      seats: seats!,
      leases: leases!,
    };
  });

const ACCESS: Record<string, Standing['access']> = {
  Free: 'free',
  'all of the plan': 'full',
  none: 'none',
};
/** Licensing gives the seats bought where access is full, those of Free where it is free, and none where it is none. */
const GIVES: Record<string, (standing: Standing) => boolean> = {
  'of Free': ({ access }) => access === 'free',
  bought: ({ access, seats }) => access === 'full' && seats === SEATS,
  'none is given or kept': ({ access }) => access === 'none',
  'by its terms': ({ access, seats }) => access === 'full' && seats === TERMS.seats,
};
const SIGNED: Record<string, (standing: Standing) => boolean> = {
  'as Free says': ({ access, offlineUntil }) => access === 'free' && offlineUntil === null,
  'as the plan says': ({ access, offlineUntil }) => access === 'full' && offlineUntil === null,
  'none is signed': ({ access, offlineUntil }) => access === 'none' && offlineUntil === null,
  'with the trial at the latest': ({ offlineUntil, trialEnd }) => isAt(offlineUntil, trialEnd),
  'with the subscription at the latest': ({ offlineUntil, endsAt }) => isAt(offlineUntil, endsAt),
  'with the grace at the latest': ({ offlineUntil, restrictsAt }) => isAt(offlineUntil, restrictsAt),
  'with the contract at the latest': ({ offlineUntil, endsAt }) =>
    isAt(offlineUntil, endsAt) && offlineUntil === Date.parse(TERMS.endsAt),
};
const isAt = (one: number | null, other: number | null) => one !== null && one === other;

const item = (part: 'base' | 'seat', quantity: number): ItemFacts => ({
  ...{ id: `si_${part}`, priceId: `price_${part}`, plan: null, part: null, interval: 'month', quantity },
  lookupKey: lookupKey('gatehouse', 'TEAM', part, 'month'),
  periodEnd: START + 31 * DAY,
});
const subscription = (more: Partial<SubscriptionFacts>): SubscriptionFacts => ({
  ...{ id: 'sub_1', status: 'active', created: START, periodStart: START },
  items: [item('base', 1), item('seat', SEATS - 5)],
  ...{ trialEnd: null, cancelAt: null, endedAt: null, pausedCollection: null },
  ...{ pausedReason: null, pausedAt: null, unpaid: null },
  ...more,
});
const charge = (more: Partial<ChargeFacts>): ChargeFacts => ({
  ...{ id: 'ch_1', created: START, amount: 9900, currency: 'usd', refunded: 0, invoiceId: 'in_1' },
  subscriptionId: 'sub_1',
  disputes: [],
  ...more,
});

const UNPAID = {
  ...{ invoiceId: 'in_1', since: START, amountDue: 9900, currency: 'usd' },
  ...{ nextAttemptAt: null, lastTriedAt: null },
};
const OWED = { status: 'past_due', unpaid: UNPAID };
const DISPUTED = charge({
  disputes: [
    {
      id: 'du_1',
      status: 'needs_response',
      reason: 'fraudulent',
      amount: 9900,
      currency: 'usd',
      respondBy: 0,
    },
  ],
});
const REFUNDED = charge({ refunded: 9900 });
const paused = (pausedReason: string, more: Partial<SubscriptionFacts> = {}) => ({
  ...{ status: 'paused', pausedReason, pausedAt: START },
  ...more,
});

/** A case of a row: what there is, and a word of `when` that tells the row from others of its state. */
interface Case {
  state: string;
  word?: string;
  has: Partial<SubscriptionFacts> | null;
  days?: number;
  charge?: ChargeFacts;
  policy?: Partial<DunningPolicy>;
  isContract?: true;
}

const CASES: readonly Case[] = [
  { state: 'none', has: null },
  { state: 'pending', has: { status: 'incomplete' } },
  { state: 'trial', has: { status: 'trialing', trialEnd: START + 14 * DAY } },
  { state: 'active', has: {} },
  { state: 'active', has: {}, charge: DISPUTED, policy: { onDispute: 'keep' } },
  { state: 'active', has: {}, charge: REFUNDED, policy: { onRefund: 'keep' } },
  { state: 'ending', has: { cancelAt: START + 31 * DAY } },
  { state: 'grace', has: OWED, days: 6.9 },
  { state: 'restricted', word: 'after that', has: OWED, days: 7 },
  { state: 'restricted', word: 'unpaid', has: { ...OWED, status: 'unpaid' }, days: 13.9 },
  {
    ...{ state: 'restricted', word: 'final_payment_failure', days: 13.9 },
    has: paused('final_payment_failure', { unpaid: UNPAID }),
  },
  { state: 'restricted', word: 'disputed', has: {}, charge: DISPUTED, policy: { onDispute: 'restrict' } },
  { state: 'restricted', word: 'refunded', has: {}, charge: REFUNDED, policy: { onRefund: 'restrict' } },
  { state: 'suspended', word: 'after the restriction', has: OWED, days: 21 },
  {
    ...{ state: 'suspended', word: 'after the restriction', days: 14 },
    has: { status: 'unpaid', unpaid: { ...UNPAID, lastTriedAt: UNPAID.since } },
  },
  {
    ...{ state: 'suspended', word: 'after the restriction', days: 21 },
    has: { ...OWED, status: 'unpaid' },
  },
  {
    ...{ state: 'suspended', word: 'after the restriction', days: 14 },
    has: paused('final_payment_failure', { unpaid: UNPAID }),
  },
  { state: 'suspended', word: 'disputed', has: {}, charge: DISPUTED, policy: { onDispute: 'suspend' } },
  { state: 'suspended', word: 'refunded', has: {}, charge: REFUNDED, policy: { onRefund: 'suspend' } },
  ...[
    'first_payment_failure',
    'pause_requested',
    'system',
    'trial_end_without_payment_method',
    'final_payment_failure',
  ].map((word) => ({ state: 'paused', word, has: paused(word) })),
  ...['void', 'keep_as_draft', 'mark_uncollectible'].map((pausedCollection) => ({
    state: 'paused',
    word: `collection_${pausedCollection}`,
    has: { pausedCollection },
  })),
  { state: 'cancelled', has: { status: 'canceled', endedAt: START } },
  { state: 'contract', has: null, isContract: true },
  { state: 'contract', has: OWED, days: 60, isContract: true },
];

function standing({ has, days = 1, charge: paid, policy = {}, isContract }: Case): Standing {
  const facts = has && {
    ...{ customerId: 'cus_1', isDeleted: false, clockAt: null },
    subscriptions: [subscription(has)],
    charges: paid ? { ticket: 1, lookedAt: START, list: [paid] } : null,
  };
  const full: DunningPolicy = {
    graceMs: 7 * DAY * 1_000,
    restrictedMs: 14 * DAY * 1_000,
    onDispute: 'keep',
    onRefund: 'keep',
    ...policy,
  };
  return standingOf(
    facts,
    isContract ? { ...TERMS, plan: 'ENTERPRISE' } : null,
    PRICES,
    full,
    new Date((START + days * DAY) * 1_000),
  );
}

const rowsOf = ({ state, word }: Case): Row[] =>
  ROWS.filter((row) => row.state === state && (word === undefined || row.when.includes(word)));
const nameOf = ({ state, word, has, days }: Case) => `${state} ${word ?? JSON.stringify(has)} ${days ?? ''}`;

describe('the table of states in the README', () => {
  it('has a row for each state, and each row has a case', () => {
    expect(new Set(ROWS.map((row) => row.state))).toEqual(new Set(STATES));
    const shown = CASES.flatMap(rowsOf);
    expect(ROWS.filter((row) => !shown.includes(row))).toEqual([]);
  });

  it.each(CASES.map((one) => [nameOf(one), one] as const))('is true of %s', (_, one) => {
    const rows = rowsOf(one);
    expect(rows).toHaveLength(1);
    const [row] = rows;
    const found = standing(one);
    expect([found.state, found.access]).toEqual([row!.state, ACCESS[row!.access]]);
    expect([row!.seats, GIVES[row!.seats]?.(found)]).toEqual([row!.seats, true]);
    expect([row!.leases, SIGNED[row!.leases]?.(found)]).toEqual([row!.leases, true]);
    if (one.state === 'paused') expect(found.reasons).toEqual([one.word]);
  });

  it('names every reason for a pause that the pinned library knows', () => {
    const types = readFileSync('node_modules/stripe/esm/resources/Subscriptions.d.ts', 'utf8');
    const reasons = /namespace Subscription \{\s+type Type = ([^;]+);/.exec(types)![1]!.match(/'\w+'/g)!;
    const behaviors = /namespace PauseCollection \{\s+type Behavior = ([^;]+);/
      .exec(types)![1]!
      .match(/'\w+'/g)!;
    const bare = (words: string[]) => words.map((word) => word.slice(1, -1));
    const known = [...bare(reasons), ...bare(behaviors).map((one) => `collection_${one}`)];
    expect(known.length).toBeGreaterThanOrEqual(8);
    const paused = CASES.filter((one) => one.state === 'paused').map((one) => one.word);
    expect(paused.toSorted()).toEqual(known.toSorted());
  });
});
