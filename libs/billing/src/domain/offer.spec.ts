import { readFileSync } from 'node:fs';
import { parsePriceList } from '../catalogue/price-list.js';
import { itemChanges, itemsOf, offerOf } from './offer.js';

const LIST = parsePriceList(readFileSync('plans.yaml', 'utf8'));
const team = (seats?: number) => offerOf(LIST, { plan: 'TEAM', interval: 'month', seats });

describe('an offer', () => {
  it('is the plan, and the seats beyond those it gives', () => {
    expect(itemsOf(LIST, team())).toEqual([{ lookupKey: 'gatehouse_team_month', quantity: 1 }]);
    expect(itemsOf(LIST, team(8))).toEqual([
      { lookupKey: 'gatehouse_team_month', quantity: 1 },
      { lookupKey: 'gatehouse_team_seat_month', quantity: 3 },
    ]);
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

describe('the way from one offer to another', () => {
  const base = { id: 'si_1', priceId: 'price_team', quantity: 1 };
  const seats = { id: 'si_2', priceId: 'price_seat', quantity: 3 };

  it.each([
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
