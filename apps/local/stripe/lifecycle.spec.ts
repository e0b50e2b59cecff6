import type Stripe from 'stripe';
import { bench } from './testing.js';

const START = Date.parse('2026-03-01T00:00:00Z') / 1000;
const DAY = 86_400;

const { stripe, sold, local, control, newCustomer, subscribe, look, advance } = await bench({
  clockFrom: START,
});

const invoices = async (subscription: string) => (await stripe.invoices.list({ subscription })).data;

describe('a subscription', () => {
  it('is paused on request, costs nothing meanwhile, and begins a new period when it is resumed', async () => {
    const { id } = await subscribe();
    const paused = await stripe.subscriptions.pause(id, { type: 'subscription' });
    expect(paused).toMatchObject({
      status: 'paused',
      status_details: { paused: { subscription: { type: 'pause_requested' } } },
    });
    await advance(START + 40 * DAY);
    expect(await invoices(id)).toHaveLength(1);
    const resumed = await stripe.subscriptions.resume(id, { payment_behavior: 'resume_on_payment_success' });
    expect(resumed).toMatchObject({
      status: 'active',
      items: { data: [{ current_period_start: START + 40 * DAY }] },
    });
    await expect(stripe.subscriptions.resume(id)).rejects.toThrow(/only resume/);
  });

  it('goes on unbilled while its collection is paused', async () => {
    const { id } = await subscribe();
    await stripe.subscriptions.update(id, {
      pause_collection: { behavior: 'void', resumes_at: START + 40 * DAY },
    });
    await advance(START + 33 * DAY);
    expect(await look(id)).toMatchObject({ status: 'active', latest_invoice: { status: 'void' } });
    await advance(START + 41 * DAY);
    expect((await look(id)).pause_collection).toBeNull();
  });

  it('ends at a time of its own, or now with what was not used paid back', async () => {
    const later = await subscribe({ cancel_at: START + 10 * DAY });
    expect(later).toMatchObject({ cancel_at: START + 10 * DAY, cancel_at_period_end: false });
    await expect(
      stripe.subscriptions.update(later.id, { cancel_at: '', cancel_at_period_end: false }),
    ).rejects.toThrow(/pass in only one/);
    await advance(START + 11 * DAY);
    expect(await look(later.id)).toMatchObject({ status: 'canceled', ended_at: START + 10 * DAY });

    const now = await subscribe();
    const ended = await stripe.subscriptions.cancel(now.id, {
      prorate: true,
      invoice_now: true,
      cancellation_details: { comment: 'too much', feedback: 'too_expensive' },
      expand: ['latest_invoice'],
    });
    expect(ended).toMatchObject({
      status: 'canceled',
      cancellation_details: {
        comment: 'too much',
        feedback: 'too_expensive',
        reason: 'cancellation_requested',
      },
      latest_invoice: { total: -4_900 },
    });
    await expect(stripe.subscriptions.cancel(now.id)).rejects.toMatchObject({ statusCode: 404 });
  });

  it('tells what a renewal changed', async () => {
    const { id, items } = await subscribe();
    await advance(items.data[0]!.current_period_end);
    const { data } = await stripe.events.list({ type: 'customer.subscription.updated', limit: 100 });
    const event = data.find((one) => (one.data.object as Stripe.Subscription).id === id)!;
    const before = event.data.previous_attributes as unknown as Stripe.Subscription;
    expect(before.items.data[0]!.current_period_end).toBe(items.data[0]!.current_period_end);
    expect((event.data.object as Stripe.Subscription).items.data[0]!.current_period_start).toBe(
      items.data[0]!.current_period_end,
    );
  });

  it('sent as an invoice is active at once and due in its days', async () => {
    const { id, status } = await subscribe({ collection_method: 'send_invoice', days_until_due: 14 });
    expect(status).toBe('active');
    await advance(START + DAY);
    expect(await look(id)).toMatchObject({
      latest_invoice: { status: 'open', due_date: START + 14 * DAY, collection_method: 'send_invoice' },
    });
  });

  it('is prorated by the second', async () => {
    const { id, items } = await subscribe();
    await advance(START + 10 * DAY);
    const changed = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, price: sold.team.id }],
      proration_behavior: 'always_invoice',
      expand: ['latest_invoice'],
    });
    const { lines } = changed.latest_invoice as Stripe.Invoice;
    const share = 21 / 31;
    expect(lines.data.map(({ amount, description }) => ({ amount, description }))).toEqual([
      { amount: -Math.round(4_900 * share), description: 'Unused time on Pro after 11 Mar 2026' },
      { amount: Math.round(9_900 * share), description: 'Remaining time on Team after 11 Mar 2026' },
    ]);
    expect(lines.data[0]!.period).toEqual({ start: START + 10 * DAY, end: START + 31 * DAY });
  });

  it('begins with a part of a period when its anchor is later', async () => {
    const anchor = START + 15 * DAY;
    const { id, items } = await subscribe({ billing_cycle_anchor: anchor });
    expect(items.data[0]).toMatchObject({ current_period_end: anchor });
    const { total } = (await look(id)).latest_invoice as Stripe.Invoice;
    expect(total).toBe(Math.round((4_900 * 15) / 31));
  });

  it('is changed to the next second: a trial’s end is moved, or comes now', async () => {
    const { id } = await subscribe({ trial_period_days: 7 });
    const moved = await stripe.subscriptions.update(id, { trial_end: START + 20 * DAY });
    expect(moved).toMatchObject({ trial_end: START + 20 * DAY, status: 'trialing' });
    const ended = await stripe.subscriptions.update(id, { trial_end: 'now', expand: ['latest_invoice'] });
    expect(ended).toMatchObject({ status: 'active', latest_invoice: { total: 4_900, status: 'paid' } });
  });

  it('is tried for two years at most', async () => {
    await expect(subscribe({ trial_period_days: 731 })).rejects.toMatchObject({
      ...{ statusCode: 400, param: 'trial_period_days' },
      message: 'This value must be less than or equal to 730.',
    });
    expect(await subscribe({ trial_period_days: 730 })).toMatchObject({ status: 'trialing' });
  });

  it('that is unpaid makes drafts until what it owes is paid', async () => {
    await control('POST', 'settings', { after_retries: 'unpaid', retry_days: [1] });
    const { id, customer } = await subscribe();
    await control('POST', 'faults', { kind: 'decline', customer, times: 2 });
    await advance(START + 35 * DAY);
    const unpaid = await look(id);
    expect(unpaid).toMatchObject({ status: 'unpaid', latest_invoice: { status: 'open', attempt_count: 2 } });
    await advance(START + 65 * DAY);
    expect(await look(id)).toMatchObject({ latest_invoice: { status: 'draft', auto_advance: false } });
    await control('POST', 'settings', { after_retries: 'canceled', retry_days: [3, 5, 7] });
  });

  it('needs authentication at a renewal, and says so', async () => {
    const { id, customer } = await subscribe();
    await control('POST', 'faults', {
      ...{ kind: 'decline', customer, decline_code: 'authentication_required' },
    });
    await advance(START + 32 * DAY);
    const { data } = await stripe.events.list({ type: 'invoice.payment_action_required' });
    expect(data.map((one) => (one.data.object as Stripe.Invoice).customer)).toContain(customer);
    expect(await look(id)).toMatchObject({ status: 'past_due' });
  });

  it('pays usage when the period is over', async () => {
    const meter = await stripe.billing.meters.create({
      display_name: 'Calls',
      event_name: 'calls',
      default_aggregation: { formula: 'sum' },
    });
    const metered = await stripe.prices.create({
      ...{ currency: 'usd', product: sold.product.id, unit_amount: 10 },
      recurring: { interval: 'month', usage_type: 'metered', meter: meter.id },
    });
    const customer = await newCustomer();
    const { id } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: metered.id }],
    });
    local.books.store.add<'usage'>({
      ...{ id: 'u', object: 'usage', meter: meter.id, customer: customer.id, value: 25 },
      ...{ timestamp: START + DAY, received: START },
    });
    await advance(START + 32 * DAY);
    expect((await look(id)).latest_invoice).toMatchObject({ total: 250, status: 'paid' });
  });

  it('has twenty invoices a day and no more', async () => {
    const { id, items } = await subscribe();
    const item = items.data[0]!.id;
    for (let hour = 1; hour <= 19; hour++) {
      await advance(START + hour * 3_600);
      await stripe.subscriptions.update(id, {
        items: [{ id: item, quantity: hour + 1 }],
        proration_behavior: 'always_invoice',
      });
    }
    await expect(
      stripe.subscriptions.update(id, {
        items: [{ id: item, quantity: 50 }],
        proration_behavior: 'always_invoice',
      }),
    ).rejects.toMatchObject({ statusCode: 429 });
  });

  it('takes items one at a time, too', async () => {
    const { id } = await subscribe();
    const added = await stripe.subscriptionItems.create({
      subscription: id,
      price: sold.team.id,
      quantity: 2,
    });
    expect(added).toMatchObject({ quantity: 2, subscription: id });
    expect((await stripe.subscriptionItems.list({ subscription: id })).data).toHaveLength(2);
    await stripe.subscriptionItems.update(added.id, { quantity: 3 });
    await stripe.subscriptionItems.del(added.id);
    const [left] = (await look(id)).items.data;
    await expect(stripe.subscriptionItems.del(left!.id)).rejects.toThrow(/at least one active plan/);
  });
});

describe('a schedule', () => {
  it('begins later, changes by phases, and ends', async () => {
    const customer = await newCustomer();
    const schedule = await stripe.subscriptionSchedules.create({
      customer: customer.id,
      start_date: START + 5 * DAY,
      end_behavior: 'cancel',
      phases: [{ items: [{ price: sold.pro.id }], duration: { interval: 'month' } }],
    });
    expect(schedule.status).toBe('not_started');
    await advance(START + 6 * DAY);
    const begun = await stripe.subscriptionSchedules.retrieve(schedule.id, { expand: ['subscription'] });
    expect(begun).toMatchObject({ status: 'active', subscription: { status: 'active' } });
    await advance(START + 40 * DAY);
    expect(await stripe.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({ status: 'completed' });
    expect(await look((begun.subscription as Stripe.Subscription).id)).toMatchObject({ status: 'canceled' });
  });
});

describe('what cannot go on', () => {
  it('is left alone and told, and time goes on for the others', async () => {
    const lines: string[] = [];
    local.books.log = (line) => lines.push(line);
    const price = await stripe.prices.create({
      ...{ currency: 'usd', product: sold.product.id, unit_amount: 100, recurring: { interval: 'month' } },
    });
    const customer = await newCustomer();
    const { id } = await stripe.subscriptionSchedules.create({
      customer: customer.id,
      start_date: START + DAY,
      phases: [{ items: [{ price: price.id }] }],
    });
    await stripe.prices.update(price.id, { active: false });
    const other = await subscribe();
    await advance(START + 32 * DAY);
    expect(await stripe.subscriptionSchedules.retrieve(id)).toMatchObject({ status: 'not_started' });
    expect(await invoices(other.id)).toHaveLength(2);
    expect(lines.join()).toMatch(/sub_sched_\w+ could not go on: .*inactive/);
  });
});

describe('what is stored for later', () => {
  it('is a card, by intent or by checkout', async () => {
    const customer = await stripe.customers.create({});
    const intent = await stripe.setupIntents.create({
      ...{ customer: customer.id, payment_method: 'pm_card_visa', confirm: true },
    });
    expect(intent.status).toBe('succeeded');
    expect((await stripe.customers.listPaymentMethods(customer.id)).data).toMatchObject([
      { card: { last4: '4242', brand: 'visa' } },
    ]);
    await expect(
      stripe.setupIntents.create({
        customer: customer.id,
        payment_method: 'pm_card_chargeDeclined',
        confirm: true,
      }),
    ).rejects.toMatchObject({ code: 'card_declined' });

    const session = await stripe.checkout.sessions.create({
      ...{ mode: 'setup', customer: customer.id, success_url: 'http://127.0.0.1:9/' },
    });
    await fetch(session.url!, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay', card: 'mastercard' }),
      redirect: 'manual',
    });
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['setup_intent'] });
    expect(done).toMatchObject({ status: 'complete', setup_intent: { status: 'succeeded' } });
    await stripe.paymentMethods.detach((await stripe.customers.listPaymentMethods(customer.id)).data[0]!.id);
    expect((await stripe.customers.listPaymentMethods(customer.id)).data).toHaveLength(1);
  });

  it('is a tax id', async () => {
    const customer = await stripe.customers.create({
      tax_id_data: [{ type: 'eu_vat', value: 'DE123456789' }],
    });
    const found = await stripe.customers.retrieve(customer.id, { expand: ['tax_ids'] });
    expect((found as Stripe.Customer).tax_ids?.data).toMatchObject([{ type: 'eu_vat', country: 'DE' }]);
    await expect(
      stripe.customers.createTaxId(customer.id, { type: 'eu_vat', value: '12' }),
    ).rejects.toMatchObject({ code: 'tax_id_invalid' });
  });
});
