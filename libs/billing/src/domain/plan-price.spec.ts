import { readFileSync } from 'node:fs';
import { parsePriceList } from '../catalogue/price-list.js';
import { amountOfMany, amountOfOne, lookupKey, partOf } from './plan-price.js';

describe('what one use costs', () => {
  it.each([
    [5, 1_000, '0.005'],
    [5, 1, '5'],
    [50, 10, '5'],
    [1_234, 100, '12.34'],
    [1, 1_000_000, '0.000001'],
    [99_999_999, 1_000_000, '99.999999'],
    [1_000, 1_000, '1'],
    [30, 1_000, '0.03'],
  ])('is exact: %s for %s is %s', (amount, per, ofOne) => {
    expect(amountOfOne({ amount, per })).toBe(ofOne);
    const { amount: again, per: of } = amountOfMany(ofOne);
    expect(again * per).toBe(amount * of);
    expect(Number.isInteger(again)).toBe(true);
  });

  it('is told for as few uses as make a whole amount', () => {
    expect(amountOfMany('0.005')).toEqual({ amount: 5, per: 1_000 });
    expect(amountOfMany('0.0050')).toEqual({ amount: 5, per: 1_000 });
    expect(amountOfMany('7')).toEqual({ amount: 7, per: 1 });
  });
});

describe('a part of a plan', () => {
  const list = parsePriceList(
    readFileSync('plans.yaml', 'utf8')
      .replaceAll('commands: { limit: null, period: day }', 'commands: { limit: null, billed: true }')
      .replace('extraSeat:', 'usage: { commands: { amount: 5 } }\n      extraSeat:'),
  );

  it.each([
    ['gatehouse_team_month', 'TEAM', 'base', null, 'month'],
    ['gatehouse_team_seat_year', 'TEAM', 'seat', null, 'year'],
    ['gatehouse_team_use_commands_month', 'TEAM', 'use', 'commands', 'month'],
    ['gatehouse_team_use_commands_year', 'TEAM', 'use', 'commands', 'year'],
  ] as const)('is called %s, and read back from that', (key, tier, part, meter, interval) => {
    expect(lookupKey('gatehouse', tier, part, interval, meter)).toBe(key);
    expect(partOf(list, key)).toMatchObject({ plan: { tier }, part, meter, interval });
  });

  it.each([
    'gatehouse_pro_use_commands_month',
    'gatehouse_team_use_tokens_month',
    'gatehouse_team_use_month',
  ])('is none of ours: %s', (key) => expect(partOf(list, key)).toBeNull());
});
