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

  it('names the meters that a plan bills by use, once', () => {
    expect(list.billedMeters).toEqual([]);
    const billed = FILE.replaceAll(
      'commands: { limit: null, period: day }',
      'commands: { limit: null, billed: true }',
    );
    expect(parsePriceList(billed).billedMeters).toEqual(['commands']);
  });

  describe('of uses', () => {
    const billed = FILE.replaceAll(
      'commands: { limit: null, period: day }',
      'commands: { limit: null, billed: true }',
    );
    const withUsage = (usage: string, plan = 'extraSeat:') =>
      billed.replace(plan, `usage: ${usage}\n      ${plan}`);
    const pricesOf = (text: string) =>
      Object.fromEntries(parsePriceList(text).plans.map(({ tier, usage }) => [tier, usage]));

    it('are none unless the plan says so, whatever it bills', () => {
      expect(pricesOf(billed)).toEqual({ FREE: [], PRO: [], TEAM: [], ENTERPRISE: [] });
    });

    it('are for so many uses, after those that are included', () => {
      expect(pricesOf(withUsage('{ commands: { amount: 5, per: 1000, included: 10000 } }'))['TEAM']).toEqual([
        { meter: 'commands', amount: 5, per: 1_000, included: 10_000 },
      ]);
      expect(pricesOf(withUsage('{ commands: { amount: 2 } }'))['TEAM']).toEqual([
        { meter: 'commands', amount: 2, per: 1, included: 0 },
      ]);
      expect(parsePriceList(withUsage('{ commands: { amount: 2, per: 1000000 } }')).billedMeters).toEqual([
        'commands',
      ]);
    });

    it.each([
      ['{ commands: { amount: 0 } }', 'plans.TEAM.price.usage.commands.amount: '],
      ['{ commands: { amount: 100000000 } }', 'plans.TEAM.price.usage.commands.amount: '],
      ['{ commands: { amount: 0.5 } }', 'plans.TEAM.price.usage.commands.amount: '],
      ['{ commands: { per: 10 } }', 'plans.TEAM.price.usage.commands.amount: '],
      [
        '{ commands: { amount: 5, per: 500 } }',
        'plans.TEAM.price.usage.commands.per: must be a power of ten',
      ],
      ['{ commands: { amount: 5, per: 10000000 } }', 'plans.TEAM.price.usage.commands.per: '],
      ['{ commands: { amount: 5, per: 0 } }', 'plans.TEAM.price.usage.commands.per: '],
      ['{ commands: { amount: 5, included: -1 } }', 'plans.TEAM.price.usage.commands.included: '],
      ['{ commands: { amount: 5, included: 1.5 } }', 'plans.TEAM.price.usage.commands.included: '],
      ['{ commands: { amount: 5, year: 4 } }', 'plans.TEAM.price.usage.commands: Unrecognized key: "year"'],
      [
        '{ tokens: { amount: 5 } }',
        'plans.TEAM.price.usage.tokens: is of a meter that the plan does not bill (terms.meters.tokens.billed)',
      ],
    ])('are refused as %s', (usage, fault) => {
      expect(() => parsePriceList(withUsage(usage))).toThrow(fault);
    });

    it('are refused of meters that are counted for a limit alone, and in a plan that costs nothing', () => {
      const usage = (text: string) =>
        text.replace('extraSeat:', 'usage: { commands: { amount: 5 } }\n      extraSeat:');
      expect(() => parsePriceList(usage(FILE))).toThrow(
        /usage\.commands: is of a meter that the plan does not bill/,
      );
      const free = billed
        .replace(
          'price: { month: 0, year: 0 }',
          'price: { month: 0, year: 0, usage: { commands: { amount: 5 } } }',
        )
        .replace('commands: { limit: 10, period: day }', 'commands: { limit: 10, billed: true }');
      expect(() => parsePriceList(free)).toThrow('plans.FREE.price.usage: is of a plan that costs nothing');
    });

    it('are at most as many as Stripe takes beside plan and seats', () => {
      const names = Array.from({ length: 19 }, (_, at) => `meter_${String.fromCharCode(97 + at)}`);
      const all = withUsage(`{ ${names.map((one) => `${one}: { amount: 1 }`).join(', ')} }`);
      expect(() => parsePriceList(all)).toThrow('plans.TEAM.price.usage: has more than 18 meters');
    });
  });

  it.each([
    ['month: 4900', 'month: 49.00001', 'plans.PRO.price'],
    ['month: 4900', 'month: 0', 'plans.PRO.price: costs something'],
    ['trialDays: 14', 'trial: 14', 'plans.PRO.price'],
    ['currency: usd', 'currency: dollars', 'billing.currency'],
    ['proration: create_prorations', 'proration: prorate', 'billing.proration'],
    ['price: custom', '', 'plans.ENTERPRISE.price'],
    ['maxSeats: 100', 'maxSeats: 3', 'plans.TEAM.price.maxSeats: is less'],
    ['extraSeat: { month: 1900, year: 19000 }', '', 'plans.TEAM.price.maxSeats: is more'],
    ['extraSeat:', 'perSeat: true\n      extraSeat:', 'plans.TEAM.price.extraSeat'],
  ])('is refused with %s made %s', (from, to, fault) => {
    expect(FILE).toContain(from);
    expect(() => parsePriceList(FILE.replace(from, to))).toThrow(fault);
  });
});
