import type Stripe from 'stripe';
import { testStripe } from './testing.js';
import type { TestStripe } from './testing.js';

let given: TestStripe;
let stripe: Stripe;

beforeAll(async () => {
  given = await testStripe();
  stripe = given.stripe;
});
afterAll(() => given.stop());

describe('the catalogue', () => {
  it('finds prices by lookup key, which moves only when told to', async () => {
    const product = await stripe.products.create({ id: 'pro', name: 'Pro', metadata: { plan: 'PRO' } });
    const make = (unit_amount: number, transfer_lookup_key?: boolean) =>
      stripe.prices.create({
        product: product.id,
        currency: 'usd',
        unit_amount,
        recurring: { interval: 'month' },
        lookup_key: 'pro_monthly',
        transfer_lookup_key,
      });
    const old = await make(4_900);
    expect(old).toMatchObject({
      active: true,
      type: 'recurring',
      unit_amount: 4_900,
      recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
    });
    expect(old.unit_amount_decimal?.toString()).toBe('4900');
    await expect(make(5_900)).rejects.toMatchObject({ statusCode: 400, param: 'lookup_key' });

    const next = await make(5_900, true);
    await stripe.prices.update(old.id, { active: false });
    const found = await stripe.prices.list({ lookup_keys: ['pro_monthly'], active: true });
    expect(found.data.map((one) => one.id)).toEqual([next.id]);
    expect(await stripe.prices.retrieve(old.id)).toMatchObject({ active: false, lookup_key: null });
  });

  it('refuses a price without a product, or an amount, or a second product of the same id', async () => {
    await expect(
      stripe.prices.create({ currency: 'usd', unit_amount: 1, product: 'none' }),
    ).rejects.toMatchObject({ code: 'resource_missing', param: 'product' });
    await expect(stripe.prices.create({ currency: 'usd', product: 'pro' })).rejects.toMatchObject({
      code: 'parameter_missing',
    });
    await expect(
      stripe.prices.create({ currency: 'usd', product: 'pro', unit_amount: -1 }),
    ).rejects.toMatchObject({ param: 'unit_amount' });
    await expect(
      stripe.prices.create({ currency: 'usd', product: 'pro', unit_amount: 100_000_000 }),
    ).rejects.toMatchObject({ code: 'parameter_invalid_integer', param: 'unit_amount' });
    await expect(stripe.products.create({ id: 'pro', name: 'Again' })).rejects.toMatchObject({
      code: 'resource_already_exists',
    });
  });

  it('takes no coupon that ends later than in five years', async () => {
    const inYears = (years: number) => Math.floor(Date.now() / 1_000) + years * 366 * 86_400;
    const make = (redeem_by: number) =>
      stripe.coupons.create({ percent_off: 5, duration: 'once', redeem_by });
    await expect(make(inYears(6))).rejects.toMatchObject({ statusCode: 400, param: 'redeem_by' });
    expect(await make(inYears(4))).toMatchObject({ valid: true });
  });

  it('takes coupons and codes off the bill, the once one once', async () => {
    const coupon = await stripe.coupons.create({ percent_off: 25, duration: 'once', max_redemptions: 1 });
    const code = await stripe.promotionCodes.create({
      promotion: { type: 'coupon', coupon: coupon.id },
      code: 'WELCOME',
    });
    const price = (await stripe.prices.list({ lookup_keys: ['pro_monthly'] })).data[0]!;
    const customer = await stripe.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    const subscribe = () =>
      stripe.subscriptions.create({
        customer: customer.id,
        items: [{ price: price.id }],
        discounts: [{ promotion_code: code.id }],
        expand: ['latest_invoice', 'discounts'],
      });

    const subscription = await subscribe();
    expect(subscription.latest_invoice).toMatchObject({ subtotal: 5_900, total: 4_425, amount_paid: 4_425 });
    expect((await stripe.subscriptions.retrieve(subscription.id)).discounts).toEqual([]);
    await expect(subscribe()).rejects.toMatchObject({ code: 'coupon_expired' });
    await expect(
      stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'welcome' }),
    ).rejects.toThrow(/already exists/);
  });
});

describe('meters', () => {
  it('count an identifier once, and say what is wrong by a thin event alone', async () => {
    const meter = await stripe.billing.meters.create({
      display_name: 'Commands',
      event_name: 'commands',
      default_aggregation: { formula: 'sum' },
      customer_mapping: { event_payload_key: 'stripe_customer_id', type: 'by_id' },
      value_settings: { event_payload_key: 'value' },
    });
    const customer = await stripe.customers.create({});
    const send = (identifier: string, payload: Record<string, string>) =>
      stripe.billing.meterEvents.create({ event_name: 'commands', identifier, payload });
    await send('a', { stripe_customer_id: customer.id, value: '3' });
    await send('b', { stripe_customer_id: customer.id, value: '4' });
    await expect(send('a', { stripe_customer_id: customer.id, value: '3' })).rejects.toThrow(
      /already exists with identifier a/,
    );
    await send('c', { stripe_customer_id: 'cus_none', value: '9' });
    await stripe.v2.billing.meterEvents.create({
      event_name: 'commands',
      identifier: 'd',
      payload: { stripe_customer_id: customer.id, value: '1' },
    });

    const now = Math.floor(Date.now() / 60_000) * 60;
    const { data } = await stripe.billing.meters.listEventSummaries(meter.id, {
      customer: customer.id,
      start_time: now - 3_600,
      end_time: now + 3_600,
    });
    expect(data).toMatchObject([{ aggregated_value: 8, meter: meter.id }]);
    const thin = given.local.books.store.all('v2.core.event');
    expect(thin).toMatchObject([
      { type: 'v1.billing.meter.error_report_triggered', related_object: { id: meter.id } },
    ]);
    const event = await stripe.v2.core.events.retrieve(thin[0]!.id);
    expect(event).toMatchObject({
      data: {
        reason: {
          error_types: [
            { code: 'meter_event_customer_not_found', sample_errors: [{ request: { identifier: 'c' } }] },
          ],
        },
      },
    });
    expect((await stripe.events.list()).data.map((one) => one.type)).not.toContain(
      'billing.meter.error_report_triggered',
    );
  });
});
