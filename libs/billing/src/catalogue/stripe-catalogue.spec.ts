import { readFileSync } from 'node:fs';
import { parsePriceList } from './price-list.js';
import {
  type CatalogueStep,
  catalogueSteps,
  inWords,
  type StripePrice,
  type StripeProduct,
  wantedOf,
} from './stripe-catalogue.js';

const FILE = readFileSync('plans.yaml', 'utf8');

/** What Stripe would have after the steps. */
class Shelf {
  products: StripeProduct[] = [];
  prices: StripePrice[] = [];

  apply(steps: readonly CatalogueStep[]): void {
    for (const step of steps) {
      if (step.do === 'create_product') this.products.push({ ...step.product, active: true });
      if (step.do === 'update_product')
        Object.assign(
          this.products.find((one) => one.id === step.product.id)!,
          step.product,
          { active: true },
        );
      if (step.do === 'archive_price') this.prices.find((one) => one.id === step.priceId)!.active = false;
      if (step.do === 'create_price') {
        const { metadata: _, ...price } = step.price;
        for (const one of this.prices) if (one.lookupKey === price.lookupKey) one.lookupKey = null;
        this.prices.push({ ...price, id: `price_${this.prices.length}`, active: true });
      }
    }
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
