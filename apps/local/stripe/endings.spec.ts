import type Stripe from 'stripe';
import { advance, customerWith, sell, testStripe } from './testing.js';
import type { Sold, TestStripe } from './testing.js';

const START = Date.parse('2026-03-01T00:00:00Z') / 1000;
const DAY = 86_400;

let given: TestStripe;
let stripe: Stripe;
let sold: Sold;
let clock: string;

beforeAll(async () => {
  given = await testStripe();
  stripe = given.stripe;
  sold = await sell(stripe);
});
beforeEach(async () => {
  clock = (await stripe.testHelpers.testClocks.create({ frozen_time: START })).id;
});
afterAll(() => given.stop());

const subscribe = async (more: Partial<Stripe.SubscriptionCreateParams> = {}, card = 'pm_card_visa') => {
  const customer = await customerWith(stripe, card, clock);
  return stripe.subscriptions.create({ customer: customer.id, items: [{ price: sold.pro.id }], ...more });
};
const look = (id: string) => stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });

describe('the end of a subscription', () => {
  it('is set or taken back by one parameter: both are refused, also where one is only cleared', async () => {
    const { id } = await subscribe();
    for (const both of [
      { cancel_at_period_end: false, cancel_at: '' },
      { cancel_at_period_end: true, cancel_at: '' },
      { cancel_at_period_end: false, cancel_at: START + 20 * DAY },
    ] as const)
      await expect(stripe.subscriptions.update(id, both)).rejects.toMatchObject({
        statusCode: 400,
        code: undefined,
        message: 'Received both cancel_at_period_end and cancel_at parameters. Please pass in only one.',
      });
  });

  it('on a day of its own is not taken back by what takes back one with the period', async () => {
    const { id } = await subscribe();
    await stripe.subscriptions.update(id, { cancel_at: START + 60 * DAY });
    const same = await stripe.subscriptions.update(id, { cancel_at_period_end: false });
    expect(same.cancel_at).toBe(START + 60 * DAY);
    expect(await stripe.subscriptions.update(id, { cancel_at: '' })).toMatchObject({
      ...{ cancel_at: null, cancel_at_period_end: false, canceled_at: null },
    });
    await stripe.subscriptions.update(id, { cancel_at: START + 60 * DAY });
    expect(await stripe.subscriptions.update(id, { cancel_at_period_end: true })).toMatchObject({
      ...{ cancel_at: START + 31 * DAY, cancel_at_period_end: true },
    });
  });

  it('is its schedule’s as long as it has one', async () => {
    const { id } = await subscribe();
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
    for (const change of [{ cancel_at_period_end: true }, { cancel_at: '' }] as const)
      await expect(stripe.subscriptions.update(id, change)).rejects.toThrow(
        /managed by the subscription schedule/,
      );
    await stripe.subscriptionSchedules.release(schedule.id);
    expect(await stripe.subscriptions.update(id, { cancel_at_period_end: true })).toMatchObject({
      ...{ cancel_at_period_end: true, schedule: null },
    });
  });
});

describe('a subscription that ends in time', () => {
  const pending = async (customer: string) =>
    (await stripe.invoiceItems.list({ customer, pending: true })).data.length;
  const bought = async (more: Partial<Stripe.SubscriptionCreateParams> = {}) => {
    const { id, items, customer } = await subscribe(more);
    await advance(stripe, clock, START + 10 * DAY);
    await stripe.subscriptions.update(id, { items: [{ id: items.data[0]!.id, price: sold.team.id }] });
    await stripe.invoiceItems.create({
      customer: customer as string,
      subscription: id,
      amount: 700,
      currency: 'usd',
    });
    return { id, customer: customer as string };
  };

  it.each<[string, Stripe.SubscriptionUpdateParams, number]>([
    ['with its period', { cancel_at_period_end: true }, 31],
    ['on a day of its own', { cancel_at: START + 20 * DAY }, 20],
    ['with the next boundary', { cancel_at: 'min_period_end' }, 31],
  ])('%s, pays what it bought before in a last invoice, as the preview says', async (_, how, day) => {
    const { id, customer } = await bought();
    const owed = Math.round((9_900 * 21) / 31) - Math.round((4_900 * 21) / 31) + 700;
    await stripe.subscriptions.update(id, how);
    const preview = await stripe.invoices.createPreview({ customer, subscription: id });
    expect([preview.total, preview.period_end]).toEqual([owed, START + day * DAY]);
    await advance(stripe, clock, START + 33 * DAY);
    expect(await look(id)).toMatchObject({
      ...{ status: 'canceled', ended_at: START + day * DAY },
      latest_invoice: { status: 'paid', total: owed, period_end: START + day * DAY },
    });
    expect(await pending(customer)).toBe(0);
    expect((await stripe.invoices.list({ customer })).data).toHaveLength(2);
  });

  it('with its trial, pays that alone which was no part of it', async () => {
    const { id, customer } = await bought({ trial_period_days: 14 });
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await advance(stripe, clock, START + 15 * DAY);
    expect(await look(id)).toMatchObject({
      status: 'canceled',
      latest_invoice: { status: 'paid', total: 700 },
    });
    expect(await pending(customer)).toBe(0);
  });

  it('with its schedule, too', async () => {
    const { id, customer } = await bought();
    const { id: schedule, phases } = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const [{ start_date, end_date, items }] = phases as [Stripe.SubscriptionSchedule.Phase];
    await stripe.subscriptionSchedules.update(schedule, {
      end_behavior: 'cancel',
      phases: [
        {
          start_date,
          end_date,
          items: items.map(({ price, quantity }) => ({ price: price as string, quantity })),
        },
      ],
    });
    await advance(stripe, clock, START + 33 * DAY);
    expect(await look(id)).toMatchObject({ status: 'canceled', latest_invoice: { status: 'paid' } });
    expect(await pending(customer)).toBe(0);
  });

  it('asks for nothing where nothing is left', async () => {
    const { id, latest_invoice } = await subscribe();
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await advance(stripe, clock, START + 33 * DAY);
    expect(await look(id)).toMatchObject({ status: 'canceled', latest_invoice: { id: latest_invoice } });
  });
});

describe('a subscription that is paused', () => {
  it('waits for somebody to pay unless it is told to try, and owes when that fails', async () => {
    const { id } = await subscribe();
    await stripe.subscriptions.pause(id);
    const waiting = await stripe.subscriptions.resume(id, { expand: ['latest_invoice'] });
    expect(waiting).toMatchObject({ status: 'paused', latest_invoice: { status: 'open', attempt_count: 0 } });
    await given.control('POST', 'faults', { kind: 'decline', customer: waiting.customer });
    const invoice = (waiting.latest_invoice as Stripe.Invoice).id;
    await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({ statusCode: 402 });
    expect(await look(id)).toMatchObject({ status: 'past_due' });
    await stripe.invoices.pay(invoice);
    expect(await look(id)).toMatchObject({ status: 'active' });
  });

  it('stays so until it is paid when it is told to wait for that', async () => {
    const { id, customer } = await subscribe();
    await stripe.subscriptions.pause(id);
    await given.control('POST', 'faults', { kind: 'decline', customer });
    const how = { payment_behavior: 'resume_on_payment_success', expand: ['latest_invoice'] } as const;
    const paused = await stripe.subscriptions.resume(id, { ...how, expand: [...how.expand] });
    expect(paused).toMatchObject({ status: 'paused', latest_invoice: { status: 'open', attempt_count: 1 } });
    await stripe.invoices.pay((paused.latest_invoice as Stripe.Invoice).id);
    expect(await look(id)).toMatchObject({ status: 'active' });
  });
});

describe('a change that needs a person', () => {
  it('is refused by a code of its own and changes nothing, or waits on a page of the invoice', async () => {
    const { id, items, customer } = await subscribe();
    const card = await stripe.paymentMethods.attach('pm_card_authenticationRequired', {
      customer: customer as string,
    });
    await stripe.customers.update(customer as string, {
      invoice_settings: { default_payment_method: card.id },
    });
    // Another interval begins a new period, which is paid at once.
    const asked = (payment_behavior: 'error_if_incomplete' | 'pending_if_incomplete') =>
      stripe.subscriptions.update(id, {
        items: [{ id: items.data[0]!.id, price: sold.proYearly.id }],
        payment_behavior,
      });
    await expect(asked('error_if_incomplete')).rejects.toMatchObject({
      ...{ statusCode: 402, code: 'subscription_payment_intent_requires_action' },
    });
    expect(await look(id)).toMatchObject({ pending_update: null, latest_invoice: { status: 'paid' } });
    await asked('pending_if_incomplete');
    // The next one takes its place, and its invoice with it.
    await asked('pending_if_incomplete');
    const open = await stripe.invoices.list({ subscription: id, status: 'open' });
    expect(open.data).toHaveLength(1);
    const waiting = await look(id);
    expect(waiting).toMatchObject({
      status: 'active',
      pending_update: { subscription_items: [{ price: { id: sold.proYearly.id } }] },
      items: { data: [{ price: { id: sold.pro.id } }] },
      latest_invoice: { status: 'open' },
    });
    await fetch((waiting.latest_invoice as Stripe.Invoice).hosted_invoice_url!, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay', card: 'authenticationRequired' }),
      redirect: 'manual',
    });
    expect(await look(id)).toMatchObject({
      pending_update: null,
      items: { data: [{ price: { id: sold.proYearly.id } }] },
      latest_invoice: { status: 'paid' },
    });
  });
});
