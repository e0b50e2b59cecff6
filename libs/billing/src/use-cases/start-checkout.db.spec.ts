import type { LicenseType } from '#sdk/formats';
import { Actor } from '#platform';
import { BILLING_CONCERNS, BillingModule } from '#billing';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { eventually } from '../../../../test/support/eventually.js';
import { pay } from '../../../../test/support/stripe.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { EnsureCustomer } from './ensure-customer.js';
import { StartCheckout } from './start-checkout.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const PAGE_MS = 23 * 60 * MINUTE_MS;

describe('a checkout while nobody tells us what became of the last one (S2-13)', () => {
  let room: BillingRoom;
  let owner: Actor;
  beforeAll(async () => {
    const calls = { concerns: BILLING_CONCERNS, imports: [BillingModule] };
    room = await billingRoom(ApplyEvents, {}, calls);
  });
  afterAll(() => room?.close());
  beforeEach(async () => {
    room.pay.local.faults.clear();
    owner = await room.owner();
  });

  const get = <T>(type: new (...args: never[]) => T): T => room.app.get<T>(type, { strict: false });
  const open = (plan: LicenseType = 'TEAM') => get(StartCheckout).execute(owner, { plan, interval: 'month' });
  const account = () => get(BillingAccounts).get(owner);
  /** All there are, also those that are over. */
  const subscriptions = async () => {
    const { customerId } = await account();
    const { data } = await room.pay.stripe.subscriptions.list({ customer: customerId!, status: 'all' });
    return data.map(({ id, status }) => ({ id, status }));
  };
  const later = (ms: number) => {
    room.clock.advance(ms);
    room.pay.advance(ms / 1_000);
  };

  it('sells nothing a second time to who has paid a day ago, and looks what that was', async () => {
    const page = await open();
    await pay(page.url);
    later(DAY_MS);
    await expect(open()).rejects.toMatchObject({ code: 'BILLING_BUSY' });
    await expect(open('PRO')).rejects.toMatchObject({ code: 'BILLING_BUSY' });
    expect(await subscriptions()).toHaveLength(1);
    const [due] = await room.db.read<{ due_at: Date }>(
      owner,
      'select due_at from billing.accounts where tenant_id = $1',
      [owner.tenantId],
    );
    expect(due!.due_at).toEqual(room.clock.now());
    await room.deliver();
    await room.apply();
    await expect(open()).rejects.toMatchObject({ code: 'ALREADY_SUBSCRIBED' });
  });

  it('opens the next one to who paid, and has ended it since: without a second trial', async () => {
    await pay((await open()).url);
    const [bought] = await subscriptions();
    expect(bought!.status).toBe('trialing');
    await room.pay.stripe.subscriptions.cancel(bought!.id);
    await pay((await open()).url);
    expect((await subscriptions()).map((one) => one.status)).toEqual(['active', 'canceled']);
  });

  it('never has two pages that take money: the first is closed in its last minute', async () => {
    const first = await open();
    later(PAGE_MS - MINUTE_MS / 2);
    const second = await open();
    expect(second.url).not.toBe(first.url);
    await pay(first.url);
    expect(await subscriptions()).toEqual([]);
    await pay(second.url);
    expect(await subscriptions()).toHaveLength(1);
  });

  it('is opened anew when its time is over', async () => {
    const first = await open();
    later(2 * DAY_MS);
    const second = await open();
    expect(second.url).not.toBe(first.url);
    expect(second.expiresAt.getTime()).toBeGreaterThan(room.clock.now().getTime());
  });

  it('finishes one whose opening nobody heard of, also a day later, before it opens another', async () => {
    room.pay.local.faults.add({
      kind: 'close_after_apply',
      times: 2,
      match: { method: 'POST', path: '/v1/checkout/sessions' },
    });
    await expect(open()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    later(2 * DAY_MS);
    expect((await open('PRO')).url).toBeTruthy();
    const { customerId } = await account();
    const { data } = await room.pay.stripe.checkout.sessions.list({ customer: customerId! });
    expect(data.map((one) => one.status)).toEqual(['open', 'expired']);
  });

  it.each([0, 1])('cancels what still waits for its first payment, %s answers lost', async (lost) => {
    const customer = await get(EnsureCustomer).execute(owner);
    const [price] = (await room.pay.stripe.prices.list({ lookup_keys: ['gatehouse_pro_month'] })).data;
    const waiting = await room.pay.stripe.subscriptions.create({
      customer,
      items: [{ price: price!.id }],
      payment_behavior: 'default_incomplete',
    });
    expect(waiting.status).toBe('incomplete');
    await room.deliver();
    await room.apply();
    expect((await account()).standing.state).toBe('pending');
    if (lost) {
      room.pay.local.faults.add({
        match: { method: 'DELETE', path: '/v1/subscriptions/*' },
        kind: 'close_after_apply',
        times: lost,
        status: 500,
        kept: false,
        delay_ms: 0,
        decline_code: 'generic_decline',
      });
    }
    // It could be paid beside the next.
    const page = await open();
    expect((await room.pay.stripe.subscriptions.retrieve(waiting.id)).status).toBe('canceled');
    await pay(page.url);
    expect((await subscriptions()).filter((one) => one.status !== 'canceled')).toHaveLength(1);
  });

  it('leaves alone what the account at Stripe sells besides', async () => {
    const customer = await get(EnsureCustomer).execute(owner);
    const other = await room.pay.stripe.prices.create({
      currency: 'usd',
      unit_amount: 1_000,
      recurring: { interval: 'month' },
      product_data: { name: 'Support' },
    });
    const support = await room.pay.stripe.subscriptions.create({
      customer,
      items: [{ price: other.id }],
      payment_behavior: 'default_incomplete',
    });
    expect((await open()).url).toBeTruthy();
    expect((await room.pay.stripe.subscriptions.retrieve(support.id)).status).toBe('incomplete');
  });

  it('finds the customer that was made and nobody heard of, among all that were made since', async () => {
    room.pay.local.faults.add({
      kind: 'close_after_apply',
      times: 2,
      match: { method: 'POST', path: '/v1/customers' },
    });
    const ensure = () => get(EnsureCustomer).execute(owner);
    await expect(ensure()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    for (let i = 0; i < 101; i++) await room.pay.stripe.customers.create({ name: `Other ${i}` });
    later(DAY_MS);
    const found = await room.pay.stripe.customers.retrieve(await ensure());
    expect(found).toMatchObject({ metadata: { tenant_id: owner.tenantId } });
    const all = await room.pay.stripe.customers.list({ limit: 100 }).autoPagingToArray({ limit: 1_000 });
    expect(all.filter((one) => one.metadata.tenant_id === owner.tenantId)).toHaveLength(1);
  });

  it('is for the customer that is the tenant’s, never for one that only was to be', async () => {
    const system = Actor.system(owner.tenantId, 'trace');
    room.pay.local.faults.add({
      kind: 'delay',
      delay_ms: 600_000,
      match: { method: 'POST', path: '/v1/customers' },
    });
    const opening = open();
    opening.catch(() => undefined);
    await eventually(() => room.pay.local.faults.list()[0]!.struck === 1);
    // Somebody has made a customer for the tenant by hand, and an event links that first.
    const other = await room.pay.stripe.customers.create({ metadata: { tenant_id: owner.tenantId! } });
    await room.db.transaction(system, async () => {
      await get(BillingAccounts).lock(room.clock.now());
      expect(await get(BillingAccounts).link(other.id)).toBe(true);
    });
    room.pay.local.faults.clear();
    await expect(opening).rejects.toMatchObject({ code: 'BILLING_BUSY' });
    expect((await open()).url).toBeTruthy();
    const { data } = await room.pay.stripe.checkout.sessions.list({ customer: other.id });
    expect(data).toHaveLength(1);
  });
});

describe('a customer who lives by a test clock', () => {
  let room: BillingRoom;
  let clock: string;
  beforeAll(async () => {
    room = await billingRoom(ApplyEvents, async ({ stripe, local }) => {
      const now = local.books.clock.now();
      clock = (await stripe.testHelpers.testClocks.create({ frozen_time: now })).id;
      return { STRIPE_TEST_CLOCK: clock };
    });
  });
  afterAll(() => room?.close());

  it('is found again by who asked for them, though they are in no list but the clock’s', async () => {
    const owner = Actor.system(await room.tenant(), 'trace');
    const ensure = () => room.app.get(EnsureCustomer, { strict: false }).execute(owner);
    room.pay.local.faults.add({
      kind: 'close_after_apply',
      times: 2,
      match: { method: 'POST', path: '/v1/customers' },
    });
    await expect(ensure()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    // Stripe has forgotten the key, and so nobody asks under it any more.
    const ms = DAY_MS + 60 * MINUTE_MS;
    room.clock.advance(ms);
    room.pay.advance(ms / 1_000);
    const id = await ensure();
    const { data } = await room.pay.stripe.customers.list({ test_clock: clock });
    expect(data).toMatchObject([{ id, test_clock: clock, metadata: { tenant_id: owner.tenantId } }]);
  });
});
