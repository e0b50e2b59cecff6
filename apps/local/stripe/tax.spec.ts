import { bench } from './testing.js';

const START = Date.parse('2026-03-01T00:00:00Z') / 1000;
const DAY = 86_400;

const { stripe, sold, local, newCustomer, advance } = await bench({ clockFrom: START });
local.books.settings.tax_percent = 19;

const TAXED = { automatic_tax: { enabled: true } };
const items = [{ price: sold.pro.id }];
const customer = async (country: string | null, postal_code?: string) => {
  const { id } = await newCustomer();
  if (country) await stripe.customers.update(id, { address: { country, postal_code } });
  return id;
};
const foreseen = async (id: string) => {
  const { automatic_tax: how, total_taxes: taxes } = await stripe.invoices.createPreview({
    ...{ customer: id, subscription_details: { items } },
    ...TAXED,
  });
  return [how.status, (taxes ?? []).map((one) => one.amount)];
};

describe('automatic tax', () => {
  it('is computed once it is known where the customer is', async () => {
    expect(await foreseen(await customer(null))).toEqual(['requires_location_inputs', []]);
    expect(await foreseen(await customer('US'))).toEqual(['requires_location_inputs', []]);
    expect(await foreseen(await customer('US', '97712'))).toEqual(['complete', [931]]);
    expect(await foreseen(await customer('DE'))).toEqual(['complete', [931]]);
  });

  it('is refused to a subscription of somebody who is nowhere', async () => {
    const nowhere = await customer(null);
    await expect(stripe.subscriptions.create({ customer: nowhere, items, ...TAXED })).rejects.toMatchObject({
      code: 'customer_tax_location_invalid',
    });
    expect((await stripe.subscriptions.list({ customer: nowhere, status: 'all' })).data).toEqual([]);
  });

  it('ends with the address, and the invoice goes out without it', async () => {
    const id = await customer('DE');
    const { id: subscription } = await stripe.subscriptions.create({ customer: id, items, ...TAXED });
    const first = (await stripe.invoices.list({ subscription })).data;
    expect(first).toMatchObject([{ total: 5_831, automatic_tax: { enabled: true, status: 'complete' } }]);
    await stripe.customers.update(id, { address: '' });
    await advance(START + 32 * DAY);
    expect((await stripe.invoices.list({ subscription })).data[0]).toMatchObject({
      ...{ status: 'paid', total: 4_900, total_taxes: [] },
      automatic_tax: {
        ...{ enabled: false, status: null, disabled_reason: 'finalization_requires_location_inputs' },
      },
    });
    expect(await stripe.subscriptions.retrieve(subscription)).toMatchObject({
      automatic_tax: { enabled: false, disabled_reason: 'requires_location_inputs' },
    });
  });
});
