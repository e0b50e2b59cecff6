import { readFileSync } from 'node:fs';
import { amountOf } from '../domain/plan-price.js';
import { parsePriceList } from './price-list.js';

const FILE = readFileSync('plans.yaml', 'utf8');

describe('the price list (S1-49)', () => {
  const list = parsePriceList(FILE);
  const plan = (tier: string) => list.plans.find((one) => one.tier === tier)!;

  it('is Free 0, Pro 49, Team 99 dollars a month, Enterprise by contract', () => {
    expect(list.currency).toBe('usd');
    expect(list.plans.map(({ tier, kind, amounts }) => [tier, kind, amounts?.month ?? null])).toEqual([
      ['FREE', 'free', 0],
      ['PRO', 'sold', 4900],
      ['TEAM', 'sold', 9900],
      ['ENTERPRISE', 'custom', null],
    ]);
  });

  it('costs more by the year than by the month, and less than twelve months', () => {
    for (const { amounts } of list.plans.filter((one) => one.kind === 'sold')) {
      expect(amounts!.year).toBeGreaterThan(amounts!.month);
      expect(amounts!.year).toBeLessThan(12 * amounts!.month);
    }
  });

  it('says what seats cost beyond those of the plan', () => {
    expect(plan('TEAM').seats).toEqual({ included: 5, min: 5, max: 100 });
    expect(amountOf(plan('TEAM'), 'month', 5)).toBe(9900);
    expect(amountOf(plan('TEAM'), 'month', 8)).toBe(9900 + 3 * 1900);
    expect(plan('PRO').seats).toEqual({ included: 1, min: 1, max: 1 });
    expect(amountOf({ ...plan('PRO'), isPerSeat: true }, 'year', 3)).toBe(3 * 49_000);
    expect(amountOf(plan('ENTERPRISE'), 'month', 50)).toBeNull();
  });

  it.each([
    ['month: 4900', 'month: 49.00001', 'plans.PRO.price'],
    ['month: 4900', 'month: 0', 'plans.PRO.price: costs something'],
    ['trialDays: 14', 'trial: 14', 'plans.PRO.price'],
    ['currency: usd', 'currency: dollars', 'billing.currency'],
    ['price: custom', '', 'plans.ENTERPRISE.price'],
    ['maxSeats: 100', 'maxSeats: 3', 'plans.TEAM.price.maxSeats: is less'],
    ['extraSeat: { month: 1900, year: 19000 }', '', 'plans.TEAM.price.maxSeats: is more'],
    ['extraSeat:', 'perSeat: true\n      extraSeat:', 'plans.TEAM.price.extraSeat'],
  ])('is refused with %s made %s', (from, to, fault) => {
    expect(FILE).toContain(from);
    expect(() => parsePriceList(FILE.replace(from, to))).toThrow(fault);
  });
});
