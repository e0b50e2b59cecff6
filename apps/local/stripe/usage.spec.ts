import type Stripe from 'stripe';
import { bench } from './testing.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;

const given = await bench();
const { stripe, sold, control, newCustomer, look } = given;
const decimal = (text: string) => stripe.Decimal.from(text);

let meter: Stripe.Billing.Meter;
let uses: Stripe.Product;
let tiered: Stripe.Price;
let plain: Stripe.Price;

const priced = (more: Partial<Stripe.PriceCreateParams>) =>
  stripe.prices.create({
    ...{ product: uses.id, currency: 'usd' },
    recurring: { interval: 'month', usage_type: 'metered', meter: meter.id },
    ...more,
  });
const TIERS: Partial<Stripe.PriceCreateParams> = {
  ...{ billing_scheme: 'tiered', tiers_mode: 'graduated' },
  tiers: [
    { up_to: 100, unit_amount_decimal: decimal('0') },
    { up_to: 'inf', unit_amount_decimal: decimal('0.3') },
  ],
};

beforeAll(async () => {
  meter = await stripe.billing.meters.create({
    ...{ display_name: 'Commands', event_name: 'commands' },
    default_aggregation: { formula: 'sum' },
  });
  uses = await stripe.products.create({ name: 'Commands' });
  tiered = await priced(TIERS);
  plain = await priced({ unit_amount_decimal: decimal('0.005') });
});

const subscribed = async (...prices: Stripe.Price[]) =>
  stripe.subscriptions.create({
    customer: (await newCustomer()).id,
    items: [sold.pro, ...prices].map(({ id }) => ({ price: id })),
  });
const use = (one: Stripe.Subscription, value: number) =>
  stripe.billing.meterEvents.create({
    event_name: 'commands',
    payload: { stripe_customer_id: one.customer as string, value: String(value) },
  });
const pass = (seconds: number) => control('POST', 'clock', { advance: seconds });
/** So many seconds into the next period. */
const passEnd = (one: Stripe.Subscription, seconds: number) =>
  pass(one.items.data[0]!.current_period_end - given.local.books.clock.now() + seconds);
const lines = ({ lines: { data } }: Stripe.Invoice) =>
  data.map((one) => [one.description, one.quantity, one.amount]);
const latest = async ({ id }: Stripe.Subscription) => (await look(id)).latest_invoice as Stripe.Invoice;
const itemOf = ({ items }: Stripe.Subscription, { id }: Stripe.Price) =>
  items.data.find((one) => one.price.id === id)!;

describe('a price of uses', () => {
  it('shows its tiers to who includes them, also in a list and in a subscription', async () => {
    expect(tiered).toMatchObject({ billing_scheme: 'tiered', unit_amount: null, tiers_mode: 'graduated' });
    expect(tiered.tiers).toBeUndefined();
    const asked = await stripe.prices.list({ product: uses.id, expand: ['data.tiers'] });
    expect(asked.data.map((one) => one.tiers?.map(({ up_to }) => up_to))).toEqual([undefined, [100, null]]);
    const { id } = await subscribed(tiered);
    const found = await stripe.subscriptions.retrieve(id, { expand: ['items.data.price.tiers'] });
    expect(itemOf(found, tiered).price.tiers?.[1]?.unit_amount_decimal?.toString()).toBe('0.3');
    expect(plain.unit_amount_decimal?.toString()).toBe('0.005');
    const ofMeter = await stripe.prices.list({ recurring: { meter: meter.id, usage_type: 'metered' } });
    expect(ofMeter.data.map((one) => one.id)).toEqual([plain.id, tiered.id]);
  });

  it.each<[string, string, () => Partial<Stripe.PriceCreateParams>]>([
    [
      'without its meter',
      'recurring[meter]',
      () => ({ recurring: { interval: 'month', usage_type: 'metered' } }),
    ],
    [
      'of a meter and not by use',
      'recurring[meter]',
      () => ({ recurring: { interval: 'month', meter: meter.id } }),
    ],
    ['in tiers that end', 'tiers', () => ({ ...TIERS, tiers: [{ up_to: 100, unit_amount: 1 }] })],
    [
      'in tiers that do not rise',
      'tiers',
      () => ({
        ...TIERS,
        tiers: [
          ...[100, 100].map((one) => ({ up_to: one, unit_amount: 1 })),
          { up_to: 'inf' as const, unit_amount: 2 },
        ],
      }),
    ],
    ['in tiers with an amount for all', 'unit_amount', () => ({ ...TIERS, unit_amount: 1 })],
    ['in tiers, and not said to be', 'tiers', () => ({ tiers: TIERS.tiers, unit_amount: 1 })],
    ['in tiers without a mode', 'tiers_mode', () => ({ ...TIERS, tiers_mode: undefined })],
    ['in tiers, of what is not used', 'tiers', () => ({ ...TIERS, recurring: { interval: 'month' } })],
    [
      'of more than twelve decimals',
      'unit_amount_decimal',
      () => ({ unit_amount_decimal: '0.0000000000001' as never }),
    ],
    ['of two amounts', 'unit_amount_decimal', () => ({ unit_amount: 1, unit_amount_decimal: decimal('1') })],
  ])('is refused %s', async (_, param, more) => {
    await expect(priced({ ...more() })).rejects.toMatchObject({ statusCode: 400, param });
  });

  it('is refused of a meter that is archived', async () => {
    const archived = await stripe.billing.meters.create({
      ...{ display_name: 'Old', event_name: 'old' },
      default_aggregation: { formula: 'sum' },
    });
    await stripe.billing.meters.deactivate(archived.id);
    const recurring = { interval: 'month', usage_type: 'metered', meter: archived.id } as const;
    await expect(priced({ unit_amount: 1, recurring })).rejects.toMatchObject({ param: 'recurring[meter]' });
  });
});

describe('an item of uses', () => {
  it('has no quantity, and takes none', async () => {
    const subscription = await subscribed(tiered);
    expect(itemOf(subscription, tiered).quantity).toBeUndefined();
    const { customer } = subscription;
    await expect(
      stripe.subscriptions.create({
        customer: customer as string,
        items: [{ price: tiered.id, quantity: 1 }],
      }),
    ).rejects.toThrow(/quantity of a metered price/);
    await expect(
      stripe.subscriptions.update(subscription.id, {
        items: [{ id: itemOf(subscription, tiered).id, quantity: 2 }],
      }),
    ).rejects.toThrow(/quantity of a metered price/);
    const page = (line_items: Stripe.Checkout.SessionCreateParams.LineItem[]) =>
      stripe.checkout.sessions.create({
        ...{ mode: 'subscription', customer: customer as string, success_url: 'http://127.0.0.1/' },
        line_items,
      });
    const asked = [{ price: sold.pro.id, quantity: 1 }];
    await expect(page([...asked, { price: tiered.id, quantity: 1 }])).rejects.toThrow(
      /should not be defined/,
    );
    const { id, amount_total: total } = await page([...asked, { price: tiered.id }]);
    expect(total).toBe(4_900);
    const { data } = await stripe.checkout.sessions.listLineItems(id);
    expect(data.map((one) => one.quantity)).toEqual([1, null]);
  });

  it('is billed at the end of its period, tier by tier, by what its meter has counted', async () => {
    const subscription = await subscribed(tiered);
    expect(lines(await latest(subscription))).toEqual([['1 × Pro (at $49.00 / month)', 1, 4_900]]);
    await use(subscription, 90);
    await use(subscription, 25);
    const foreseen = await stripe.invoices.createPreview({ subscription: subscription.id });
    const billed = [
      ['1 × Pro (at $49.00 / month)', 1, 4_900],
      ['100 × Commands (Tier 1 at $0.00 / month)', 100, 0],
      // 4.5 cents: half of one is rounded up.
      ['15 × Commands (Tier 2 at $0.003 / month)', 15, 5],
    ];
    expect(lines(foreseen)).toEqual(billed);
    expect(foreseen.amount_due).toBe(4_905);
    await passEnd(subscription, 60);
    const draft = await latest(subscription);
    expect([draft.status, lines(draft)]).toEqual(['draft', billed]);
    await pass(2 * HOUR);
    expect(await latest(subscription)).toMatchObject({ id: draft.id, status: 'paid', amount_paid: 4_905 });
    await pass(31 * DAY);
    expect(lines(await latest(subscription))).toEqual([
      ...[billed[0], ['0 × Commands (Tier 1 at $0.00 / month)', 0, 0]],
    ]);
  });

  it('is billed exactly, and never less than nothing', async () => {
    const [much, none] = [await subscribed(plain), await subscribed(plain)];
    await use(much, 30_300);
    await use(none, 10);
    await use(none, -20);
    await pass(31 * DAY + 2 * HOUR);
    expect(await latest(much)).toMatchObject({ status: 'paid', total: 4_900 + 152 });
    expect(await latest(none)).toMatchObject({ status: 'paid', total: 4_900 });
  });

  it('is billed for uses that come in while the invoice is a draft, and not for those of the next period', async () => {
    const subscription = await subscribed(tiered);
    const { current_period_end: end } = itemOf(subscription, tiered);
    const sent = (identifier: string, timestamp: number) =>
      stripe.billing.meterEvents.create({
        ...{ event_name: 'commands', identifier, timestamp },
        payload: { stripe_customer_id: subscription.customer as string, value: '200' },
      });
    await passEnd(subscription, 60);
    expect(await latest(subscription)).toMatchObject({ status: 'draft', total: 4_900 });
    await sent('late', end - 1);
    await sent('next', end);
    await pass(2 * HOUR);
    expect(await latest(subscription)).toMatchObject({ status: 'paid', total: 4_930 });
  });

  it('costs nothing in a trial', async () => {
    const { id: customer } = await newCustomer();
    const trial = await stripe.subscriptions.create({
      ...{ customer, trial_period_days: 7 },
      items: [sold.pro, tiered].map(({ id }) => ({ price: id })),
    });
    expect(lines(await latest(trial))).toEqual([['Trial period for Pro', 1, 0]]);
    await use(trial, 500);
    expect(await stripe.invoices.createPreview({ subscription: trial.id })).toMatchObject({
      amount_due: 4_900,
    });
    await pass(7 * DAY + 2 * HOUR);
    expect(await latest(trial)).toMatchObject({ status: 'paid', total: 4_900 });
  });
});

describe('a change of what uses cost', () => {
  const swap = (one: Stripe.Subscription, more: Partial<Stripe.SubscriptionUpdateParams> = {}) =>
    stripe.subscriptions.update(one.id, {
      items: [{ id: itemOf(one, tiered).id, price: plain.id }],
      ...more,
    });

  it('bills what was used before by the price before, and what is used after it by the new one', async () => {
    const subscription = await subscribed(tiered);
    await use(subscription, 200);
    await pass(10 * DAY);
    const changed = await swap(subscription);
    expect(itemOf(changed, plain)).toMatchObject({ id: itemOf(subscription, tiered).id });
    const pending = await stripe.invoiceItems.list({ customer: subscription.customer as string });
    expect(pending.data.map((one) => [one.quantity, one.amount])).toEqual([
      [100, 30],
      [100, 0],
    ]);
    await use(subscription, 1_000);
    await pass(21 * DAY + 2 * HOUR);
    expect(await latest(subscription)).toMatchObject({ status: 'paid', total: 4_900 + 30 + 5 });
  });

  it('without prorations bills nothing of what was used before', async () => {
    const subscription = await subscribed(tiered);
    await use(subscription, 200);
    await pass(10 * DAY);
    await swap(subscription, { proration_behavior: 'none' });
    await pass(21 * DAY + 2 * HOUR);
    expect(await latest(subscription)).toMatchObject({ status: 'paid', total: 4_900 });
  });

  it('is billed with the plan that goes, at once where the period begins anew', async () => {
    const subscription = await subscribed(tiered);
    await use(subscription, 200);
    await pass(DAY);
    const yearly = await priced({
      unit_amount: 1,
      recurring: { interval: 'year', usage_type: 'metered', meter: meter.id },
    });
    const items = [
      { id: itemOf(subscription, sold.pro).id, price: sold.proYearly.id },
      { id: itemOf(subscription, tiered).id, price: yearly.id },
    ];
    await stripe.subscriptions.update(subscription.id, { items });
    const bill = await latest(subscription);
    expect(bill).toMatchObject({ status: 'paid', billing_reason: 'subscription_update' });
    expect(lines(bill).map(([, quantity, amount]) => [quantity, amount])).toEqual(
      expect.arrayContaining([
        [100, 30],
        [1, 49_000],
      ]),
    );
  });

  it('is not made while its payment waits, and what was used goes on counting', async () => {
    const { id: customer } = await newCustomer('pm_card_visa');
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [sold.pro, tiered].map(({ id }) => ({ price: id })),
    });
    await use(subscription, 200);
    await pass(DAY);
    await control('POST', 'faults', {
      kind: 'decline',
      customer,
      decline_code: 'insufficient_funds',
      times: 9,
    });
    const waiting = await swap(subscription, {
      ...{ payment_behavior: 'pending_if_incomplete', proration_behavior: 'always_invoice' },
    });
    expect(waiting.pending_update).not.toBeNull();
    await control('DELETE', 'faults');
    await pass(DAY);
    expect((await look(subscription.id)).pending_update).toBeNull();
    await pass(29 * DAY + 2 * HOUR);
    expect(await latest(subscription)).toMatchObject({ status: 'paid', total: 4_930 });
  });
});

describe('the end of what uses cost', () => {
  it('comes with a last invoice, where it ends with its period', async () => {
    const subscription = await subscribed(tiered);
    await use(subscription, 300);
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    expect(await stripe.invoices.createPreview({ subscription: subscription.id })).toMatchObject({
      total: 60,
    });
    await pass(31 * DAY + 2 * HOUR);
    const ended = await look(subscription.id);
    expect([ended.status, ended.latest_invoice]).toEqual([
      'canceled',
      expect.objectContaining({ status: 'paid', total: 60 }),
    ]);
  });

  it('is billed at once only for whoever asks for it', async () => {
    const [one, other] = [await subscribed(tiered), await subscribed(tiered)];
    for (const subscription of [one, other]) await use(subscription, 300);
    await pass(DAY);
    const first = (await latest(other)).id;
    await stripe.subscriptions.cancel(one.id, { invoice_now: true });
    await stripe.subscriptions.cancel(other.id);
    expect(await latest(one)).toMatchObject({ status: 'paid', total: 60 });
    expect(await latest(other)).toMatchObject({ id: first });
  });
});
