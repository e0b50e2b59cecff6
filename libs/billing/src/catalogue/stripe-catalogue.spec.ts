import { readFileSync } from 'node:fs';
import { parsePriceList } from './price-list.js';
import {
  type CatalogueStep,
  catalogueSteps,
  inWords,
  soldPrices,
  type StripeCoupon,
  type StripePrice,
  type StripeProduct,
  wantedOf,
  type WantedUses,
} from './stripe-catalogue.js';
import type { MeteredTerms } from '../stripe/metered-price.js';
import { METER, type StripeMeter } from './stripe-meters.js';

const FILE = readFileSync('plans.yaml', 'utf8');

/** What Stripe would have after the steps. */
class Shelf {
  products: StripeProduct[] = [];
  prices: StripePrice[] = [];
  coupons: StripeCoupon[] = [];
  meters: StripeMeter[] = [];

  apply(steps: readonly CatalogueStep[]): void {
    for (const step of steps) {
      if (step.do === 'create_product') this.products.push({ ...step.product, active: true });
      if (step.do === 'update_product')
        Object.assign(
          this.products.find((one) => one.id === step.product.id)!,
          step.product,
          { active: true },
        );
      if (step.do === 'create_coupon') this.coupons.push({ id: step.id, name: step.coupon.name });
      if (step.do === 'delete_coupon') this.coupons = this.coupons.filter((one) => one.id !== step.id);
      if (step.do === 'archive_product') this.products.find((one) => one.id === step.id)!.active = false;
      if (step.do === 'archive_price') this.prices.find((one) => one.id === step.priceId)!.active = false;
      if (step.do === 'mark_price') {
        const one = this.prices.find(({ id }) => id === step.priceId)!;
        one.metadata = { ...one.metadata, ...step.metadata };
      }
      if (step.do === 'create_meter')
        this.meters.push({ id: 'mtr_1', eventName: step.meter.eventName, active: true, ...METER });
      if (step.do === 'create_price') {
        const { uses, ...price } = step.price;
        for (const one of this.prices) if (one.lookupKey === price.lookupKey) one.lookupKey = null;
        this.prices.push({ ...price, id: `price_${this.prices.length}`, uses: this.on(uses), active: true });
      }
    }
  }

  /** On the meter of that name, as `apply` finds it by then. */
  private on(uses: WantedUses | null): MeteredTerms | null {
    if (!uses) return null;
    const meterId = uses.meterId ?? this.meters.find((one) => one.eventName === uses.eventName)!.id;
    return { meterId, ofOne: uses.ofOne, included: uses.included };
  }
}

describe('the difference between the price list and Stripe', () => {
  const list = parsePriceList(FILE);
  const dearer = parsePriceList(FILE.replace('month: 9900', 'month: 10900'));

  it('is everything at first, and nothing afterwards', () => {
    const shelf = new Shelf();
    const steps = catalogueSteps(list, shelf);
    expect(steps.filter((one) => one.do === 'create_product')).toHaveLength(3);
    expect(steps.filter((one) => one.do === 'create_price')).toHaveLength(6);
    shelf.apply(steps);
    expect(catalogueSteps(list, shelf)).toEqual([]);
  });

  it('is a coupon for each of the file, another one for other terms, and none that the file no longer has', () => {
    const withCoupon = (percent: number) =>
      parsePriceList(
        FILE.replace(
          'billing:\n',
          `billing:\n  coupons: { LAUNCH: { percentOff: ${percent}, duration: once } }\n`,
        ),
      );
    const shelf = new Shelf();
    shelf.apply(catalogueSteps(withCoupon(20), shelf));
    expect(catalogueSteps(withCoupon(20), shelf)).toEqual([]);
    const words = (percent: number) => catalogueSteps(withCoupon(percent), shelf).map(inWords);
    expect(words(30)).toEqual([
      expect.stringMatching(/^\+ coupon LAUNCH \(gatehouse_launch_\w{8}\)$/),
      expect.stringMatching(/^- coupon LAUNCH \(gatehouse_launch_\w{8}\) is taken away/),
    ]);
    shelf.apply(catalogueSteps(list, shelf));
    expect(shelf.coupons).toEqual([]);
  });

  it('takes a plan off the shelf that is sold no more, and its prices', () => {
    const shelf = new Shelf();
    shelf.apply(catalogueSteps(list, shelf));
    const without = parsePriceList(
      FILE.replace('price: { month: 4900, year: 49000, trialDays: 14 }', 'price: custom'),
    );
    const steps = catalogueSteps(without, shelf);
    expect(steps.map((one) => one.do)).toEqual(['archive_price', 'archive_price', 'archive_product']);
    shelf.apply(steps);
    expect(catalogueSteps(without, shelf)).toEqual([]);
    shelf.apply(catalogueSteps(list, shelf));
    expect(shelf.products.every((one) => one.active)).toBe(true);
  });

  it('names no price for Free and Enterprise', () => {
    expect(wantedOf(list).prices.map((one) => one.lookupKey)).toEqual([
      'gatehouse_pro_month',
      'gatehouse_pro_year',
      'gatehouse_team_month',
      'gatehouse_team_year',
      'gatehouse_team_seat_month',
      'gatehouse_team_seat_year',
    ]);
  });

  it('makes a new price of a changed amount, gives it the lookup key, and archives the old', () => {
    const shelf = new Shelf();
    shelf.apply(catalogueSteps(list, shelf));
    const old = shelf.prices.find((one) => one.lookupKey === 'gatehouse_team_month')!;
    const steps = catalogueSteps(dearer, shelf);
    expect(steps.map(inWords)).toEqual([
      `+ price gatehouse_team_month 10900 usd a month instead of ${old.id}`,
      `- price gatehouse_team_month (${old.id}) is archived; who has it keeps it`,
    ]);
    shelf.apply(steps);
    expect(old).toMatchObject({ active: false, lookupKey: null });
    expect(catalogueSteps(dearer, shelf)).toEqual([]);
    // And back again: the archived price is not brought back to life.
    shelf.apply(catalogueSteps(list, shelf));
    expect(catalogueSteps(list, shelf)).toEqual([]);
  });

  it('marks a price that was made by hand before another one takes its name, so that who has it keeps it', () => {
    const shelf = new Shelf();
    shelf.apply(catalogueSteps(list, shelf));
    const old = shelf.prices.find((one) => one.lookupKey === 'gatehouse_team_month')!;
    const mark = `~ price gatehouse_team_month (${old.id}) says what it is, also without that name`;
    const ours = { gatehouse_plan: 'TEAM', gatehouse_part: 'base' };
    const said: Record<string, string>[] = [{}, { ...ours, gatehouse_plan: 'PRO' }, { theirs: '1' }];
    for (const metadata of said) {
      old.metadata = metadata;
      // Kept, replaced, or archived by somebody: none of them goes without.
      expect(catalogueSteps(list, shelf).map(inWords)).toEqual([mark]);
      expect(catalogueSteps(dearer, shelf).map((one) => one.do)).toEqual([
        ...['mark_price', 'create_price', 'archive_price'],
      ]);
      old.active = false;
      expect(catalogueSteps(list, shelf).map((one) => one.do)).toEqual(['mark_price', 'create_price']);
      old.active = true;
      shelf.apply(catalogueSteps(list, shelf));
      expect(old.metadata).toMatchObject(ours);
      expect(catalogueSteps(list, shelf)).toEqual([]);
    }
    shelf.apply(catalogueSteps(dearer, shelf));
    expect(old).toMatchObject({ lookupKey: null, metadata: ours });
  });

  it('says which price at Stripe is sold under which name (S2-30)', () => {
    const shelf = new Shelf();
    expect(soldPrices(list, shelf.prices).map((one) => one.priceId)).toEqual(Array(6).fill(null));
    shelf.apply(catalogueSteps(list, shelf));
    const before = soldPrices(list, shelf.prices);
    expect(before.find((one) => one.lookupKey === 'gatehouse_pro_year')).toEqual({
      ...{ productId: 'gatehouse_pro', lookupKey: 'gatehouse_pro_year', priceId: 'price_1' },
      ...{ unitAmount: 49_000, currency: 'usd', interval: 'year', taxBehavior: null },
    });
    shelf.apply(catalogueSteps(dearer, shelf));
    const after = soldPrices(dearer, shelf.prices).map((one) => one.priceId);
    expect(after.filter((one, at) => one !== before[at]!.priceId)).toEqual(['price_6']);
  });

  it('wakes a product that was archived or renamed at Stripe', () => {
    const shelf = new Shelf();
    shelf.apply(catalogueSteps(list, shelf));
    Object.assign(shelf.products[0]!, { name: 'Something else', active: false });
    const steps = catalogueSteps(list, shelf);
    expect(steps.map((one) => one.do)).toEqual(['update_product']);
    shelf.apply(steps);
    expect(catalogueSteps(list, shelf)).toEqual([]);
  });
});

describe('what uses cost, at Stripe', () => {
  const byUse = (usage = '{ commands: { amount: 5, per: 1000, included: 10000 } }') =>
    parsePriceList(
      FILE.replaceAll(
        'commands: { limit: null, period: day }',
        'commands: { limit: null, billed: true }',
      ).replace('extraSeat:', usage ? `usage: ${usage}\n      extraSeat:` : 'extraSeat:'),
    );
  const shelfOf = (list = byUse()) => {
    const shelf = new Shelf();
    shelf.apply(catalogueSteps(list, shelf));
    return shelf;
  };

  it('is a price on its meter, which is made before it, of a product of its own', () => {
    const steps = catalogueSteps(byUse(), new Shelf());
    expect(steps.map(inWords).filter((one) => one.includes('commands'))).toEqual([
      '+ meter gatehouse_commands adds up what is used',
      '+ product gatehouse_team_use_commands "Gatehouse Team: commands"',
      '+ price gatehouse_team_use_commands_month 5 usd for each 1000 gatehouse_commands of a month, 10000 included',
      '+ price gatehouse_team_use_commands_year 5 usd for each 1000 gatehouse_commands of a year, 10000 included',
    ]);
    const made = steps.flatMap((one) => (one.do === 'create_price' && one.price.uses ? [one.price] : []));
    expect(made[0]).toMatchObject({
      unitAmount: null,
      uses: { ofOne: '0.005', included: 10_000, meterId: null },
      metadata: { gatehouse_plan: 'TEAM', gatehouse_part: 'use', gatehouse_meter: 'commands' },
    });
    expect(catalogueSteps(byUse(), shelfOf())).toEqual([]);
  });

  it('is the same said in other words', () => {
    expect(
      catalogueSteps(byUse('{ commands: { amount: 50, per: 10000, included: 10000 } }'), shelfOf()),
    ).toEqual([]);
  });

  it.each([
    ['amount', '{ commands: { amount: 6, per: 1000, included: 10000 } }'],
    ['number of uses', '{ commands: { amount: 5, per: 100, included: 10000 } }'],
    ['part that is included', '{ commands: { amount: 5, per: 1000 } }'],
  ])('is another price with another %s, and the old one is archived', (_, usage) => {
    const shelf = shelfOf();
    const steps = catalogueSteps(byUse(usage), shelf);
    expect(steps.map((one) => one.do)).toEqual([
      ...['create_price', 'create_price', 'archive_price', 'archive_price'],
    ]);
    shelf.apply(steps);
    expect(catalogueSteps(byUse(usage), shelf)).toEqual([]);
  });

  it('is another price once its meter was replaced, for none is put on another one', () => {
    const shelf = shelfOf();
    shelf.meters[0]!.active = false;
    shelf.meters.push({ ...shelf.meters[0]!, id: 'mtr_2', active: true });
    const steps = catalogueSteps(byUse(), shelf);
    expect(steps.map((one) => one.do)).toEqual([
      ...['create_price', 'create_price', 'archive_price', 'archive_price'],
    ]);
    shelf.apply(steps);
    expect(catalogueSteps(byUse(), shelf)).toEqual([]);
    expect(shelf.prices.filter((one) => one.active && one.uses).map((one) => one.uses?.meterId)).toEqual([
      ...['mtr_2', 'mtr_2'],
    ]);
  });

  it('stays as it is while a person has to see to the meter, and is not made on that', () => {
    const shelf = shelfOf();
    shelf.meters[0]!.formula = 'count';
    const dearer = byUse('{ commands: { amount: 6, per: 1000 } }');
    expect(catalogueSteps(dearer, shelf).map((one) => one.do)).toEqual(['replace_meter_by_hand']);
    const fresh = new Shelf();
    fresh.meters = shelf.meters;
    const made = catalogueSteps(dearer, fresh).flatMap((one) =>
      one.do === 'create_price' ? [one.price] : [],
    );
    expect(made.filter((one) => one.uses)).toEqual([]);
    expect(made).toHaveLength(6);
  });

  it('goes off the shelf with its product once the file has none; the meter stays', () => {
    const shelf = shelfOf();
    const steps = catalogueSteps(byUse(''), shelf);
    expect(steps.map((one) => one.do)).toEqual(['archive_price', 'archive_price', 'archive_product']);
    shelf.apply(steps);
    expect(catalogueSteps(byUse(''), shelf)).toEqual([]);
  });
});
