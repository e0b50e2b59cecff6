import type Stripe from 'stripe';
import { advance, type TestStripe } from '../../apps/local/stripe/testing.js';

/** Of nobody: as ids of tenants are written. */
export const TENANT = 'ten_01jbh5kq2ve9b8yhq0w3c4d5e6';
const MARKS = { tenant_id: TENANT, gatehouse_write: 'wrt_01jbh5kq2ve9b8yhq0w3c4d5e7' };
const DAY = 86_400;
const WAY_BACK = 'https://gatehouse.example.com/billing';

interface Sold {
  team: string;
  seat: string;
}

/** What customers do from the first page to the last invoice, so that Stripe tells as much as it can of itself. */
export async function customersLife({ stripe, local, control }: TestStripe): Promise<void> {
  const sold = await prices(stripe);
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: 1_790_000_000, name: 'recorded' });
  const customer = await stripe.customers.create({
    ...{ name: 'Loom Works', email: 'nora@loom.example', invoice_prefix: 'LOOM' },
    ...{ metadata: MARKS, test_clock: clock.id },
  });
  await stripe.customers.update(customer.id, { name: 'Loom Works Ltd' });
  const bought = await checkout(stripe, customer.id, sold);
  await cards(stripe, customer.id);
  await seats(stripe, bought, sold);
  await months(stripe, clock.id, bought, () =>
    control('POST', 'faults', {
      kind: 'decline',
      customer: customer.id,
      decline_code: 'generic_decline',
      times: 1,
    }),
  );
  await moneyBack(
    stripe,
    customer.id,
    (charge) => control('POST', 'disputes', { charge }),
    (dispute) => control('POST', 'disputes', { dispute, status: 'won' }),
  );
  await bills(stripe, customer.id);
  await schedules(stripe, customer.id, sold);
  await usage(stripe, customer.id);
  await leave(stripe, customer.id, bought);
  local.books.declines = [];
}

async function prices(stripe: Stripe): Promise<Sold> {
  const make = async (id: string, name: string, amount: number, part: 'base' | 'seat') => {
    const product = await stripe.products.create({ id, name });
    const price = await stripe.prices.create({
      ...{ product: product.id, currency: 'usd', unit_amount: amount, lookup_key: `${id}_month` },
      recurring: { interval: 'month' },
      metadata: { gatehouse_plan: 'TEAM', gatehouse_part: part },
    });
    return price.id;
  };
  return {
    team: await make('gatehouse_team', 'Gatehouse Team', 9_900, 'base'),
    seat: await make('gatehouse_team_seat', 'Gatehouse Team: one more seat', 1_900, 'seat'),
  };
}

/** One page that nobody pays on, and one that is paid on, with a coupon and a trial. */
async function checkout(stripe: Stripe, customer: string, { team }: Sold): Promise<string> {
  const page = {
    ...{ mode: 'subscription' as const, customer, success_url: WAY_BACK, cancel_url: WAY_BACK },
    line_items: [{ price: team, quantity: 1 }],
    metadata: MARKS,
    subscription_data: { metadata: MARKS, trial_period_days: 14 },
  };
  const left = await stripe.checkout.sessions.create(page);
  await stripe.checkout.sessions.expire(left.id);
  const coupon = await stripe.coupons.create({ id: 'WELCOME', percent_off: 10, duration: 'once' });
  const { id, url } = await stripe.checkout.sessions.create({ ...page, discounts: [{ coupon: coupon.id }] });
  await fetch(url!, {
    method: 'POST',
    body: new URLSearchParams({ action: 'pay', card: 'visa' }),
    redirect: 'manual',
  });
  const { subscription } = await stripe.checkout.sessions.retrieve(id);
  return subscription as string;
}

async function cards(stripe: Stripe, customer: string): Promise<void> {
  const card = await stripe.paymentMethods.attach('pm_card_mastercard', { customer });
  await stripe.paymentMethods.update(card.id, { card: { exp_year: 2_034 } });
  await stripe.paymentMethods.detach(card.id);
  const wrong = await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE123456780' });
  await stripe.customers.deleteTaxId(customer, wrong.id);
  await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE123456789' });
}

async function seats(stripe: Stripe, id: string, { seat }: Sold): Promise<void> {
  await stripe.subscriptions.update(id, { items: [{ price: seat, quantity: 3 }] });
  await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  await stripe.subscriptions.update(id, { cancel_at_period_end: false });
}

/** The trial ends, a month is paid, one is not and then is, and one is paused. */
async function months(
  stripe: Stripe,
  clock: string,
  id: string,
  decline: () => Promise<unknown>,
): Promise<void> {
  const until = async (days: number) => {
    const { frozen_time: now } = await stripe.testHelpers.testClocks.retrieve(clock);
    await advance(stripe, clock, now + days * DAY);
  };
  await until(12);
  await until(3);
  await until(31);
  await decline();
  await until(31);
  const { data } = await stripe.invoices.list({ subscription: id, status: 'open' });
  for (const invoice of data) await stripe.invoices.pay(invoice.id);
  await stripe.subscriptions.pause(id, { type: 'subscription' });
  await stripe.subscriptions.resume(id);
}

async function moneyBack(
  stripe: Stripe,
  customer: string,
  dispute: (charge: string) => Promise<unknown>,
  win: (dispute: string) => Promise<unknown>,
): Promise<void> {
  const { data: charges } = await stripe.charges.list({ customer, limit: 100 });
  const [first, second] = charges.filter((one) => one.status === 'succeeded');
  await stripe.refunds.create({ charge: first!.id, amount: 1_000 });
  const { id } = (await dispute(second!.id)) as { id: string };
  await stripe.disputes.update(id, { metadata: { asked: 'yes' } });
  await win(id);
}

/** Invoices without a subscription: sent, voided, written off, deleted, credited. */
async function bills(stripe: Stripe, customer: string): Promise<void> {
  const bill = async () => {
    const invoice = await stripe.invoices.create({
      ...{ customer, collection_method: 'send_invoice', days_until_due: 14, auto_advance: false },
    });
    await stripe.invoiceItems.create({
      ...{ customer, invoice: invoice.id, amount: 5_000, currency: 'usd', description: 'Set-up' },
    });
    return invoice.id;
  };
  const sent = await bill();
  await stripe.invoices.sendInvoice(sent);
  await stripe.creditNotes.create({ invoice: sent, amount: 1_000 });
  await stripe.invoices.voidInvoice(sent);
  const lost = await bill();
  await stripe.invoices.finalizeInvoice(lost);
  await stripe.invoices.markUncollectible(lost);
  await stripe.invoices.del(await bill());
}

async function schedules(stripe: Stripe, customer: string, { team }: Sold): Promise<void> {
  const { frozen_time: now } = (await stripe.testHelpers.testClocks.list()).data[0]!;
  const make = () =>
    stripe.subscriptionSchedules.create({
      ...{ customer, start_date: now + 40 * DAY, end_behavior: 'cancel' },
      phases: [{ items: [{ price: team }], duration: { interval: 'month' } }],
    });
  const changed = await make();
  await stripe.subscriptionSchedules.update(changed.id, { metadata: { why: 'later' } });
  await stripe.subscriptionSchedules.release(changed.id);
  const cancelled = await make();
  await stripe.subscriptionSchedules.cancel(cancelled.id);
}

/** A use of nobody's, and one of a meter that there is not: Stripe tells of both by thin events. */
async function usage(stripe: Stripe, customer: string): Promise<void> {
  const meter = await stripe.billing.meters.create({
    ...{ display_name: 'Gatehouse: commands', event_name: 'gatehouse_commands' },
    default_aggregation: { formula: 'sum' },
  });
  const use = (event_name: string, identifier: string, who: string) =>
    stripe.billing.meterEvents.create({
      ...{ event_name, identifier, payload: { stripe_customer_id: who, value: '3' } },
    });
  await use(meter.event_name, 'use_recorded_1', 'cus_nobody');
  await use('gatehouse_nothing', 'use_recorded_2', customer);
}

async function leave(stripe: Stripe, customer: string, id: string): Promise<void> {
  await stripe.subscriptions.cancel(id);
  // Another one, so that the newest customer is there still.
  await stripe.customers.create({
    ...{ name: 'Reed Works', email: 'ada@reed.example', invoice_prefix: 'REED' },
    metadata: MARKS,
  });
  await stripe.customers.del(customer);
}
