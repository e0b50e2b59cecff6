import { readFileSync } from 'node:fs';
import type Stripe from 'stripe';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { isMeterError } from '../usage/hear-meter-errors.js';
import { ApplyEvents } from './apply-events.js';
import { CustomerOfEvent } from './customer-of-event.js';
import { HANDLED_TYPES, plainType } from './dispatch.js';

/** What an event is about: its place at Stripe, and the object there. */
interface Subject {
  id?: string;
  url: string;
  object: object;
}

const THIN = readFileSync('node_modules/stripe/esm/resources/V2/Core/Events.d.ts', 'utf8');
const SNAPSHOTS = readFileSync('node_modules/stripe/esm/resources/Events.d.ts', 'utf8');
const typesIn = (text: string) =>
  [...new Set([...text.matchAll(/\btype: '([a-z0-9_.]+)'/g)].map(([, type]) => type!))]
    .filter((type) => HANDLED_TYPES.has(plainType(type)) && !isMeterError(type))
    .sort();

let world: BillingRoom;
let customerOf: CustomerOfEvent;
let customer: string;
/** By how the types begin that are about it; the longest fits. */
const subjects = new Map<string, Subject>();

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  customerOf = world.app.get(CustomerOfEvent, { strict: false });
  await fill();
});
afterAll(() => world.close());

/** One of everything that a customer has at Stripe. */
async function fill(): Promise<void> {
  const { stripe } = world.pay;
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: Math.floor(Date.now() / 1_000) });
  const whole = await stripe.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
    test_clock: clock.id,
  });
  customer = whole.id;
  const subscription = await world.subscribe(customer);
  const invoice = await stripe.invoices.retrieve(subscription.latest_invoice as string);
  const [payment] = (await stripe.invoicePayments.list({ invoice: invoice.id })).data;
  const [charge] = (await stripe.charges.list({ customer })).data;
  const [method] = (await stripe.customers.listPaymentMethods(customer)).data;
  const [price] = (await stripe.prices.list({ lookup_keys: ['gatehouse_pro_month'] })).data;
  const refund = await stripe.refunds.create({ charge: charge!.id, amount: 100 });
  const note = await stripe.creditNotes.create({ invoice: invoice.id, amount: 100, credit_amount: 100 });
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  const session = await stripe.checkout.sessions.create({
    ...{ mode: 'subscription', customer, success_url: 'https://a.test/' },
    line_items: [{ price: price!.id, quantity: 1 }],
  });
  const taxId = await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE123456789' });
  const dispute = await stripe.disputes.retrieve(world.pay.dispute(charge!.id));

  const at = (type: string, plural: string, object: { id: string }) =>
    subjects.set(type, { id: object.id, url: `/v1/${plural}/${object.id}`, object });
  at('charge', 'charges', charge!);
  at('charge.dispute', 'disputes', dispute);
  at('charge.refund', 'refunds', refund);
  at('checkout.session', 'checkout/sessions', session);
  at('credit_note', 'credit_notes', note);
  at('customer', 'customers', whole);
  subjects.set('customer.discount', {
    url: `/v1/customers/${customer}/discount`,
    object: { object: 'discount', id: 'di_1', customer },
  });
  at('customer.subscription', 'subscriptions', subscription);
  at('customer.tax_id', `customers/${customer}/tax_ids`, taxId);
  at('invoice', 'invoices', invoice);
  at('invoice_payment', 'invoice_payments', payment!);
  at('payment_method', 'payment_methods', method!);
  at('refund', 'refunds', refund);
  at('subscription_schedule', 'subscription_schedules', schedule);
  at('test_helpers.test_clock', 'test_helpers/test_clocks', clock);
}

function subjectOf(type: string): Subject {
  const plain = plainType(type);
  const fits = [...subjects.keys()].filter((family) => plain.startsWith(`${family}.`));
  const [family] = fits.sort((a, b) => b.length - a.length);
  return subjects.get(family!)!;
}

const thin = (type: string, { id, url }: Omit<Subject, 'object'>) =>
  JSON.stringify({
    ...{ id: 'evt_1', object: 'v2.core.event', type, created: '2026-11-22T09:30:00.250Z', livemode: false },
    related_object: { ...(id ? { id } : {}), type: 'whatever', url },
  });
const snapshot = (type: string, object: object, previous?: object) =>
  JSON.stringify({
    ...{ id: 'evt_1', object: 'event', type, created: 1_795_336_200, livemode: false },
    data: { object, ...(previous ? { previous_attributes: previous } : {}) },
  });

describe('whom an event is about (S2-32)', () => {
  it('is found for every type that is handled and Stripe tells as a thin event', async () => {
    const types = typesIn(THIN);
    expect(types.length).toBeGreaterThan(80);
    const found = await Promise.all(types.map((type) => customerOf.execute(thin(type, subjectOf(type)))));
    expect(types.filter((_, at) => found[at]!.join() !== customer)).toEqual([]);
  });

  it('is found for every type that is handled and Stripe tells as a snapshot', async () => {
    const types = typesIn(SNAPSHOTS);
    expect(types.length).toBeGreaterThan(60);
    const found = await Promise.all(
      types.map((type) => customerOf.execute(snapshot(type, subjectOf(type).object))),
    );
    expect(types.filter((_, at) => found[at]!.join() !== customer)).toEqual([]);
  });

  it('is known without asking Stripe where the event names a customer, or a place of one', async () => {
    world.pay.local.api.asked.length = 0;
    expect(await customerOf.execute(snapshot('invoice.paid', { object: 'invoice', customer }))).toEqual([
      customer,
    ]);
    const whole = { object: 'invoice', customer: { id: customer, object: 'customer' } };
    expect(await customerOf.execute(snapshot('invoice.paid', whole))).toEqual([customer]);
    const detached = { object: 'payment_method', id: 'pm_1', customer: null };
    expect(await customerOf.execute(snapshot('payment_method.detached', detached, { customer }))).toEqual([
      customer,
    ]);
    expect(
      await customerOf.execute(thin('v1.customer.deleted', { url: `/v1/customers/${customer}` })),
    ).toEqual([customer]);
    expect(
      await customerOf.execute(thin('v1.customer.discount.deleted', subjectOf('customer.discount.deleted'))),
    ).toEqual([customer]);
    expect(world.pay.local.api.asked).toEqual([]);
  });

  it('is what was paid, of a payment without a card, too', async () => {
    const { charge } = subjectOf('refund.created').object as Stripe.Refund;
    const { payment_intent: intent } = subjectOf('charge.refunded').object as Stripe.Charge;
    const refund = { object: 'refund', id: 're_1', customer: null };
    expect(await customerOf.execute(snapshot('refund.created', { ...refund, charge }))).toEqual([customer]);
    const only = { ...refund, charge: null, payment_intent: intent };
    expect(await customerOf.execute(snapshot('refund.created', only))).toEqual([customer]);
    // Whatever its id looks like, Stripe is asked for a charge.
    world.pay.local.api.asked.length = 0;
    expect(await customerOf.execute(snapshot('refund.created', { ...refund, charge: 'py_1' }))).toEqual([]);
    expect(world.pay.local.api.asked.map((one) => one.path)).toEqual(['/v1/charges/py_1']);
  });

  it('is everybody on a test clock', async () => {
    const clock = subjectOf('test_helpers.test_clock.ready');
    const others = await Promise.all(
      [1, 2].map(() => world.pay.stripe.customers.create({ test_clock: clock.id! })),
    );
    const all = [customer, ...others.map((one) => one.id)].sort();
    const told = [
      thin('v1.test_helpers.test_clock.ready', clock),
      snapshot('test_helpers.test_clock.ready', clock.object),
    ];
    for (const payload of told) expect([...(await customerOf.execute(payload))].sort()).toEqual(all);
    for (const one of others) await world.pay.stripe.customers.del(one.id);
  });

  it('is nobody where Stripe has no such object any more, or the address is none of its own', async () => {
    expect(
      await customerOf.execute(thin('v1.invoice.deleted', { id: 'in_x', url: '/v1/invoices/in_x' })),
    ).toEqual([]);
    world.pay.local.api.asked.length = 0;
    for (const url of [
      'https://evil.test/v1/x',
      '//evil.test/v1',
      '/v1/../v1/charges',
      '/v2/x',
      '/v1/charges?a=b',
      '',
    ])
      expect(await customerOf.execute(thin('v1.invoice.paid', { url }))).toEqual([]);
    expect(world.pay.local.api.asked).toEqual([]);
  });

  it('is not to be read in what is no event', async () => {
    await expect(customerOf.execute('nothing')).rejects.toThrow(SyntaxError);
    await expect(customerOf.execute('{"type":1}')).rejects.toThrow('type');
  });
});

describe('a thin event (S2-32)', () => {
  it('brings what the customer has up to date, like a snapshot of the same', async () => {
    const tenantId = await world.tenant();
    const { id } = await world.customer(tenantId);
    const subscription = await world.subscribe(id);
    await world.deliver();
    await world.system.query(`update billing.stripe_events set status = 'ignored' where status = 'received'`);
    const [payment] = (
      await world.pay.stripe.invoicePayments.list({ invoice: subscription.latest_invoice as string })
    ).data;
    const payload = thin('v1.invoice_payment.paid', {
      id: payment!.id,
      url: `/v1/invoice_payments/${payment!.id}`,
    });
    await world.store(payload);
    await world.apply();
    const [account] = await world.system.query<{ standing: object }>(
      'select standing from billing.accounts where tenant_id = $1',
      [tenantId],
    );
    expect(account!.standing).toMatchObject({ state: 'active', plan: 'TEAM' });
  });
});
