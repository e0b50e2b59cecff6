import { readFileSync } from 'node:fs';
import { parsePriceList } from '../catalogue/price-list.js';
import { isKeptUse, itemChanges, itemsOf, keptPrice, offerOf } from './offer.js';
import type { ItemFacts } from './stripe-facts.js';

const LIST = parsePriceList(readFileSync('plans.yaml', 'utf8'));
const BY_USE = parsePriceList(
  readFileSync('plans.yaml', 'utf8')
    .replaceAll('commands: { limit: null, period: day }', 'commands: { limit: null, billed: true }')
    .replace('extraSeat:', 'usage: { commands: { amount: 5, per: 1000 } }\n      extraSeat:'),
);
const team = (seats?: number) => offerOf(LIST, { plan: 'TEAM', interval: 'month', seats });

describe('an offer', () => {
  it('is the plan, and the seats beyond those it gives', () => {
    expect(itemsOf(LIST, team())).toEqual([{ lookupKey: 'gatehouse_team_month', quantity: 1 }]);
    expect(itemsOf(LIST, team(8))).toEqual([
      { lookupKey: 'gatehouse_team_month', quantity: 1 },
      { lookupKey: 'gatehouse_team_seat_month', quantity: 3 },
    ]);
  });

  it('is also what uses cost, of which nobody names a number', () => {
    const of = (plan: 'PRO' | 'TEAM', interval: 'month' | 'year', seats?: number) =>
      itemsOf(BY_USE, offerOf(BY_USE, { plan, interval, seats }));
    expect(of('TEAM', 'year', 6)).toEqual([
      { lookupKey: 'gatehouse_team_year', quantity: 1 },
      { lookupKey: 'gatehouse_team_seat_year', quantity: 1 },
      { lookupKey: 'gatehouse_team_use_commands_year', quantity: null },
    ]);
    expect(of('PRO', 'month')).toEqual([{ lookupKey: 'gatehouse_pro_month', quantity: 1 }]);
  });

  it.each([4, 101])('is none with %s seats', (seats) =>
    expect(() => team(seats)).toThrow(
      expect.objectContaining({ code: 'SEATS_OUT_OF_BOUNDS', details: { min: 5, max: 100 } }),
    ),
  );

  it.each(['FREE', 'ENTERPRISE'] as const)('is none of %s', (plan) =>
    expect(() => offerOf(LIST, { plan, interval: 'month' })).toThrow(
      expect.objectContaining({ code: 'PLAN_NOT_SOLD' }),
    ),
  );
});

describe('what somebody has already', () => {
  const has = (more: Partial<ItemFacts>): ItemFacts => ({
    ...{ id: 'si_1', priceId: 'price_old', lookupKey: null, plan: 'TEAM', part: 'base', interval: 'month' },
    ...{ quantity: 1, periodEnd: 0 },
    ...more,
  });
  const price = (item: ItemFacts) =>
    keptPrice(LIST, [item], { lookupKey: 'gatehouse_team_month', quantity: 1 });

  it('costs what it did, whatever it is sold for by now: other seats made everybody pay the new price', () => {
    expect(price(has({}))).toBe('price_old');
    expect(price(has({ lookupKey: 'gatehouse_team_month', plan: null, part: null }))).toBe('price_old');
  });

  it.each([
    ['another plan', { plan: 'PRO' }],
    ['another interval', { interval: 'year' }],
    ['another part', { part: 'seat' }],
    ['something else that the account sells', { plan: null, part: null }],
  ])('is not %s', (_, more) => expect(price(has(more))).toBeNull());
});

describe('what bills the uses of a plan that somebody has', () => {
  const offer = (plan: 'PRO' | 'TEAM', interval: 'month' | 'year' = 'month') =>
    offerOf(BY_USE, { plan, interval });
  const item: ItemFacts = {
    ...{ id: 'si_1', priceId: 'price_old', lookupKey: null, plan: 'TEAM', part: 'use', meter: 'commands' },
    ...{ interval: 'month', quantity: 1, periodEnd: 0 },
  };

  it('stays with plan and interval, also of a meter whose uses cost nothing by now', () => {
    expect(isKeptUse(BY_USE, item, offer('TEAM'))).toBe(true);
    expect(isKeptUse(BY_USE, { ...item, meter: 'tokens' }, offer('TEAM'))).toBe(true);
    expect(
      isKeptUse(
        BY_USE,
        { ...item, lookupKey: 'gatehouse_team_use_commands_month', plan: null, part: null },
        offer('TEAM'),
      ),
    ).toBe(true);
  });

  it('goes with either, and is neither the plan nor what else the account sells', () => {
    expect(isKeptUse(BY_USE, item, offer('TEAM', 'year'))).toBe(false);
    expect(isKeptUse(BY_USE, item, offer('PRO'))).toBe(false);
    expect(isKeptUse(BY_USE, { ...item, part: 'base' }, offer('TEAM'))).toBe(false);
    expect(isKeptUse(BY_USE, { ...item, plan: null, part: null }, offer('TEAM'))).toBe(false);
  });

  it('keeps its price by its own meter alone', () => {
    const price = (meter: string) =>
      keptPrice(BY_USE, [{ ...item, meter }], {
        lookupKey: 'gatehouse_team_use_commands_month',
        quantity: null,
      });
    expect(price('commands')).toBe('price_old');
    expect(price('tokens')).toBeNull();
  });
});

describe('the way from one offer to another', () => {
  const base = { id: 'si_1', priceId: 'price_team', quantity: 1 };
  const seats = { id: 'si_2', priceId: 'price_seat', quantity: 3 };
  const uses = { id: 'si_3', priceId: 'price_use', quantity: null };
  const pro = { priceId: 'price_pro', quantity: 1 };

  it.each([
    ['uses as they were', [base, uses], [base, uses], []],
    [
      'uses of another plan',
      [uses, base],
      [pro, { priceId: 'price_pro_use', quantity: null }],
      [
        { id: 'si_1', price: 'price_pro', quantity: 1 },
        { id: 'si_3', price: 'price_pro_use' },
      ],
    ],
    [
      'a plan without uses',
      [base, uses],
      [pro],
      [
        { id: 'si_1', price: 'price_pro', quantity: 1 },
        { id: 'si_3', deleted: true },
      ],
    ],
    [
      'the first uses, and fewer seats',
      [base, seats],
      [base, { priceId: 'price_use', quantity: null }],
      [{ price: 'price_use' }, { id: 'si_2', deleted: true }],
    ],
    ['the same', [base, seats], [base, seats], []],
    ['more seats', [base, seats], [base, { ...seats, quantity: 5 }], [{ id: 'si_2', quantity: 5 }]],
    ['the first more seats', [base], [base, seats], [{ price: 'price_seat', quantity: 3 }]],
    ['no more seats than the plan has', [seats, base], [base], [{ id: 'si_2', deleted: true }]],
    [
      'another plan without seats',
      [base, seats],
      [{ priceId: 'price_pro', quantity: 1 }],
      [
        { id: 'si_1', price: 'price_pro', quantity: 1 },
        { id: 'si_2', deleted: true },
      ],
    ],
  ])('%s', (_, has, wanted, changes) => expect(itemChanges(has, wanted)).toEqual(changes));
});
