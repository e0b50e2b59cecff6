import type Stripe from 'stripe';
import { bench, customerWith } from './testing.js';

const START = Date.parse('2026-01-31T10:00:00Z') / 1000;
const DAY = 86_400;
const at = (text: string) => Date.parse(text) / 1000;

const given = await bench({ clockFrom: START });
const { stripe, sold, control, subscribe, look, advance } = given;

const types = async (id: string) =>
  (await stripe.events.list({ limit: 100 })).data
    .filter((one) => JSON.stringify(one.data.object).includes(id))
    .map((one) => one.type);

describe('what lives by a test clock', () => {
  it('is in the lists of its clock and its customer, and in no other', async () => {
    const { id, customer } = await subscribe();
    const listed = async (params: Stripe.SubscriptionListParams) =>
      (await stripe.subscriptions.list(params)).data.map((one) => one.id);
    expect(await listed({})).not.toContain(id);
    expect(await listed({ test_clock: given.clock })).toEqual([id]);
    expect(await listed({ customer: customer as string })).toEqual([id]);
    const customers = async (params: Stripe.CustomerListParams) =>
      (await stripe.customers.list(params)).data.map((one) => one.id);
    expect(await customers({ email: 'ada@example.com' })).not.toContain(customer);
    expect(await customers({ test_clock: given.clock })).toEqual([customer]);
  });
});

describe('a renewal', () => {
  it('keeps the day of the month, makes a draft, and gets its money an hour later', async () => {
    const { id, items } = await subscribe();
    expect(items.data[0]).toMatchObject({
      current_period_start: START,
      current_period_end: at('2026-02-28T10:00:00Z'),
    });
    await advance(at('2026-02-28T10:30:00Z'));
    expect(await look(id)).toMatchObject({
      status: 'active',
      items: {
        data: [
          {
            current_period_start: at('2026-02-28T10:00:00Z'),
            current_period_end: at('2026-03-31T10:00:00Z'),
          },
        ],
      },
      latest_invoice: {
        status: 'draft',
        billing_reason: 'subscription_cycle',
        period_start: START,
        period_end: at('2026-02-28T10:00:00Z'),
        automatically_finalizes_at: at('2026-02-28T11:00:00Z'),
      },
    });
    await advance(at('2026-02-28T11:30:00Z'));
    expect(await look(id)).toMatchObject({ latest_invoice: { status: 'paid', amount_paid: 4_900 } });
    expect(await types(id)).toEqual(
      expect.arrayContaining([
        'invoice.upcoming',
        'invoice.created',
        'invoice.finalized',
        'invoice.paid',
        'customer.subscription.updated',
      ]),
    );
  });

  it('that is declined makes it past due, is tried again, and recovers with another card', async () => {
    const { id, customer } = await subscribe();
    await control('POST', 'faults', {
      kind: 'decline',
      customer,
      times: 1,
      decline_code: 'insufficient_funds',
    });
    await advance(at('2026-03-01T10:00:00Z'));
    const late = await look(id);
    expect(late).toMatchObject({
      status: 'past_due',
      latest_invoice: { status: 'open', attempt_count: 1, next_payment_attempt: at('2026-03-03T11:00:00Z') },
    });
    await advance(at('2026-03-04T10:00:00Z'));
    expect(await look(id)).toMatchObject({
      status: 'active',
      latest_invoice: { status: 'paid', attempt_count: 2 },
    });
    expect(await types(id)).toEqual(
      expect.arrayContaining(['invoice.payment_failed', 'invoice.payment_succeeded']),
    );
  });

  it.each([
    ['canceled', 'canceled'],
    ['unpaid', 'unpaid'],
    ['past_due', 'past_due'],
    ['paused', 'paused'],
  ] as const)('that fails at every attempt ends as the account has it: %s', async (after_retries, status) => {
    await control('POST', 'settings', { after_retries });
    const { id, customer } = await subscribe();
    await control('POST', 'faults', { kind: 'decline', customer, times: 10 });
    await advance(at('2026-03-20T10:00:00Z'));
    const subscription = await look(id);
    expect(subscription.status).toBe(status);
    expect((subscription.latest_invoice as Stripe.Invoice).attempt_count).toBe(4);
    if (status === 'paused')
      expect(subscription.status_details).toMatchObject({
        paused: { subscription: { type: 'final_payment_failure' } },
      });
    await control('POST', 'settings', { after_retries: 'canceled' });
    await control('DELETE', 'faults');
  });

  it('is not made when it ends with the period', async () => {
    const { id } = await subscribe();
    const ending = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    expect(ending).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
      cancel_at: at('2026-02-28T10:00:00Z'),
    });
    expect(await stripe.subscriptions.update(id, { cancel_at_period_end: false })).toMatchObject({
      cancel_at: null,
      canceled_at: null,
    });
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await advance(at('2026-03-01T10:00:00Z'));
    expect(await look(id)).toMatchObject({
      status: 'canceled',
      ended_at: at('2026-02-28T10:00:00Z'),
      latest_invoice: { billing_reason: 'subscription_create' },
    });
    await expect(stripe.subscriptions.update(id, { items: [{ price: sold.team.id }] })).rejects.toMatchObject(
      { code: 'invalid_canceled_subscription_fields' },
    );
  });
});

describe('a trial', () => {
  const trial = (missing_payment_method: 'cancel' | 'create_invoice' | 'pause') => async () => {
    const customer = await stripe.customers.create({ test_clock: given.clock });
    return stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: sold.pro.id }],
      trial_period_days: 14,
      trial_settings: { end_behavior: { missing_payment_method } },
    });
  };

  it('costs nothing until it ends, and is told of three days before', async () => {
    const { id, status, trial_end } = await subscribe({ trial_period_days: 14 });
    expect({ status, trial_end }).toEqual({ status: 'trialing', trial_end: START + 14 * DAY });
    expect(await look(id)).toMatchObject({ latest_invoice: { total: 0, status: 'paid' } });
    await advance(START + 12 * DAY);
    expect(await types(id)).toContain('customer.subscription.trial_will_end');
    await advance(START + 15 * DAY);
    expect(await look(id)).toMatchObject({
      status: 'active',
      latest_invoice: { total: 4_900, status: 'paid' },
    });
  });

  it('without a card pauses, and is resumed by one', async () => {
    const { id, pending_setup_intent } = await trial('pause')();
    expect(pending_setup_intent).toMatch(/^seti_/);
    await advance(START + 15 * DAY);
    const paused = await look(id);
    expect(paused).toMatchObject({
      status: 'paused',
      status_details: { paused: { subscription: { type: 'trial_end_without_payment_method' } } },
    });
    const how = { payment_behavior: 'resume_on_payment_success' } as const;
    await expect(stripe.subscriptions.resume(id, how)).rejects.toMatchObject({ code: 'resource_missing' });
    const customer = paused.customer as string;
    const method = await stripe.paymentMethods.attach('pm_card_visa', { customer });
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
    const resumed = await stripe.subscriptions.resume(id, { ...how, billing_cycle_anchor: { type: 'now' } });
    expect(resumed.status).toBe('active');
    expect(resumed).not.toHaveProperty('status_details');
    expect(await types(id)).toEqual(
      expect.arrayContaining(['customer.subscription.paused', 'customer.subscription.resumed']),
    );
  });

  it('without a card is cancelled, or billed in vain, as it was told', async () => {
    const cancelled = await trial('cancel')();
    const billed = await trial('create_invoice')();
    await advance(START + 15 * DAY);
    expect(await look(cancelled.id)).toMatchObject({ status: 'canceled' });
    expect(await look(billed.id)).toMatchObject({
      status: 'past_due',
      latest_invoice: { status: 'open', attempt_count: 1 },
    });
  });
});

describe('time', () => {
  it('expires what was never paid after 23 hours', async () => {
    const { id, status } = await subscribe({ card: 'pm_card_chargeCustomerFail' });
    expect(status).toBe('incomplete');
    await advance(START + DAY);
    expect(await look(id)).toMatchObject({
      status: 'incomplete_expired',
      latest_invoice: { status: 'void' },
    });
  });

  it('goes forward only, and by two intervals at most', async () => {
    await subscribe();
    await expect(stripe.testHelpers.testClocks.advance(given.clock, { frozen_time: START })).rejects.toThrow(
      /later/,
    );
    await expect(
      stripe.testHelpers.testClocks.advance(given.clock, { frozen_time: START + 100 * DAY }),
    ).rejects.toThrow(/two intervals/);
  });

  it('of the whole server moves what has no clock of its own', async () => {
    const customer = await customerWith(stripe);
    const { id } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: sold.pro.id }],
    });
    await control('POST', 'clock', { advance: 32 * DAY });
    expect(await look(id)).toMatchObject({
      status: 'active',
      latest_invoice: { status: 'paid', billing_reason: 'subscription_cycle' },
    });
  });

  it('brings a schedule to its next phase, a downgrade at the end of the period', async () => {
    const { id, items } = await subscribe({ items: [{ price: sold.team.id, quantity: 2 }] });
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const { current_period_start: start_date, current_period_end: end_date } = items.data[0]!;
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: 'release',
      phases: [
        { items: [{ price: sold.team.id, quantity: 2 }], start_date, end_date },
        {
          items: [{ price: sold.pro.id, quantity: 1 }],
          proration_behavior: 'none',
          duration: { interval: 'month' },
        },
      ],
    });
    await expect(stripe.subscriptions.update(id, { cancel_at_period_end: true })).rejects.toThrow(
      /managed by the subscription schedule/,
    );
    await advance(end_date + 2 * 3_600);
    expect(await look(id)).toMatchObject({
      items: { data: [{ price: { id: sold.pro.id }, quantity: 1 }] },
      latest_invoice: { total: 4_900, status: 'paid' },
    });
    const released = await stripe.subscriptionSchedules.release(schedule.id);
    expect(released).toMatchObject({ status: 'released', released_subscription: id, subscription: null });
    expect((await look(id)).schedule).toBeNull();
  });
});
