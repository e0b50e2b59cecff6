import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { eventually } from '../../../../test/support/eventually.js';
import { StripeInbox } from '../persistence/stripe-inbox.js';
import { ApplyEvents } from './apply-events.js';

/** Renewed three times in each of its lives: two thirds of one may go by on a busy machine. */
const LEASE_MS = 3_000;

let world: BillingRoom;
let inbox: StripeInbox;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents, {
    BILLING_APPLY_ATTEMPTS: '3',
    BILLING_APPLY_LEASE_MS: String(LEASE_MS),
  });
  inbox = world.app.get(StripeInbox, { strict: false });
});
afterAll(() => world.close());
beforeEach(() => world.system.query(`update billing.stripe_events set status = 'ignored'`));
afterEach(() => world.pay.local.faults.clear());

interface Row {
  id: string;
  status: string;
  failure: string | null;
  attempts: number;
  excused: number;
  tenant_id: string | null;
  payload: string;
  next_at: Date;
  /** In ms, from now. */
  waits: number;
}
const rows = (ids: readonly string[]) =>
  world.system.query<Row>(
    `select id, status, failure, attempts, excused, tenant_id, payload, next_at,
       (extract(epoch from next_at - clock_timestamp()) * 1000)::int as waits
     from billing.stripe_events where id = any ($1)`,
    [ids],
  );
/** By the clock that leases and waits go by. */
const now = async () => {
  const [row] = await world.system.query<{ now: Date }>('select clock_timestamp() as now');
  return row!.now.getTime();
};
const endLeases = () =>
  world.system.query(`update billing.stripe_events set next_at = now() where status = 'received'`);
const fails = (path: string | undefined, status: number) =>
  world.pay.local.faults.add({ kind: 'status', status, times: 1_000, match: { path } });

/** A customer of a tenant's, and what Stripe told of it: one event at least. */
async function bought() {
  const tenantId = await world.tenant();
  const customer = await world.customer(tenantId);
  return { tenantId, customer, ids: await world.deliver() };
}

describe('applying events of Stripe', () => {
  it('parks what ends the process each time, and nobody who stood beside it (S2-56)', async () => {
    const [poison, ...innocent] = [await bought(), await bought(), await bought(), await bought()];
    const isPoison = (id: string) => poison!.ids.includes(id);
    // A worker that ends whenever it has the poison, in a batch or alone, and leaves no word.
    for (let left = poison!.ids.length; left > 0;) {
      const taken = await inbox.take(50, 60_000);
      if (!taken.some((one) => isPoison(one.id))) await inbox.settle(taken, 'applied');
      await world.system.query(
        `update billing.stripe_events set next_at = clock_timestamp() where id = any ($1)`,
        [taken.map((one) => one.id)],
      );
      left = (await rows(poison!.ids)).filter((one) => one.attempts < 3).length;
    }
    await world.apply();
    // Of what is ignored nothing is looked at.
    const parked = (await rows(poison!.ids)).filter((one) => one.status !== 'ignored');
    expect(parked.length).toBeGreaterThan(0);
    for (const one of parked)
      expect(one).toMatchObject({ status: 'dead', failure: 'ENDED_ITS_PROCESS', tenant_id: null });
    for (const one of await rows(innocent.flatMap((all) => all.ids)))
      expect(one).toMatchObject({ status: 'applied', attempts: 2 });
  });

  it.each([
    ['answers 500', 500],
    ['limits us', 429],
    ['refuses our key', 401],
  ])('parks nothing while Stripe %s, and applies it afterwards', async (_, status) => {
    const { tenantId, ids } = await bought();
    fails(undefined, status);
    for (let turn = 0; turn < 8; turn++) {
      await world.app.get(ApplyEvents, { strict: false }).execute();
      await endLeases();
      world.clock.advance(6_000);
    }
    for (const one of await rows(ids)) {
      expect(one).toMatchObject({ status: 'received', failure: expect.stringMatching(/^\d{3}|UNAVAILABLE/) });
      expect(one.excused).toBe(one.attempts);
    }
    world.pay.local.faults.clear();
    world.clock.advance(6_000);
    await world.apply();
    for (const one of await rows(ids)) expect(one).toMatchObject({ status: 'applied', tenant_id: tenantId });
  });

  it('does not hurry while nobody may ask Stripe, and does not count that', async () => {
    const { ids } = await bought();
    fails(undefined, 500);
    // The first finds out, and the gate closes behind it.
    await world.apply();
    await endLeases();
    fails(undefined, 500);
    const before = await now();
    expect(await world.app.get(ApplyEvents, { strict: false }).execute()).toBe(false);
    for (const one of await rows(ids)) {
      expect(one.excused).toBe(one.attempts);
      expect(one.next_at.getTime() - before).toBeGreaterThanOrEqual(5_000);
      expect(one.waits).toBeLessThanOrEqual(10_000);
    }
    world.pay.local.faults.clear();
    world.clock.advance(6_000);
  });

  it('parks the events of a customer that Stripe cannot show, while it shows others, after waits that grow', async () => {
    const { tenantId, customer } = await bought();
    await world.apply();
    await world.pay.stripe.customers.update(customer.id, { name: 'Ada' });
    const ids = await world.deliver();
    fails(`/v1/customers/${customer.id}`, 500);
    // 5 s, then 15 s, half of each by chance.
    for (const most of [5_000, 15_000, null]) {
      const other = await bought();
      const before = await now();
      await world.apply();
      for (const one of await rows(other.ids)) expect(one.status).toBe('applied');
      const [row] = await rows(ids);
      if (most !== null) {
        expect(row!.next_at.getTime() - before).toBeGreaterThanOrEqual(most / 2);
        expect(row!.waits).toBeLessThanOrEqual(most);
      }
      await endLeases();
      world.clock.advance(6_000);
    }
    for (const one of await rows(ids)) expect(one).toMatchObject({ status: 'dead', tenant_id: tenantId });
  });

  it('keeps what it works on for as long as that takes: no other worker takes it', async () => {
    const other = (await world.another()).get(StripeInbox, { strict: false });
    const { customer, ids } = await bought();
    world.pay.local.faults.add({
      kind: 'delay',
      delay_ms: 600_000,
      match: { path: `/v1/customers/${customer.id}` },
    });
    const applying = world.apply();
    const held = async () => (await rows(ids)).filter((one) => one.status === 'received');
    await eventually(() => world.pay.local.faults.list()[0]!.struck === 1);
    const [first] = await held();
    await eventually(async () => (await now()) > first!.next_at.getTime());
    expect(await other.take(50, LEASE_MS)).toEqual([]);
    expect(await held()).not.toEqual([]);
    world.pay.local.faults.clear();
    await applying;
    for (const one of await rows(ids)) expect(one).toMatchObject({ status: 'applied', attempts: 1 });
  });

  it('gives also what is ignored to whom it is about', async () => {
    const { tenantId } = await bought();
    await world.apply();
    const customer = await world.customer(tenantId);
    const others = await world.deliver();
    await world.apply();
    for (const one of await rows(others))
      expect(one).toMatchObject({ status: 'ignored', tenant_id: tenantId });
    const [mine] = await world.system.query<{ id: string }>(
      'select customer_id as id from billing.stripe_customers where tenant_id = $1',
      [tenantId],
    );
    await world.pay.stripe.setupIntents.create({
      customer: mine!.id,
      confirm: true,
      payment_method: 'pm_card_visa',
    });
    const ids = await world.deliver();
    await world.apply();
    const ignored = await rows(ids);
    expect(ignored.length).toBeGreaterThan(0);
    for (const one of ignored) expect(one.tenant_id).toBe(tenantId);
    // Whose metadata name somebody who has another one.
    expect(mine!.id).not.toBe(customer.id);
  });

  it('looks at everybody who lives by a test clock that has moved, each by itself', async () => {
    const { stripe } = world.pay;
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: Math.floor(Date.now() / 1_000) });
    const tenants = [await world.tenant(), await world.tenant()];
    for (const tenantId of tenants)
      await stripe.customers.create({ test_clock: clock.id, metadata: { tenant_id: tenantId } });
    await world.deliver();
    await world.apply();
    const dueOf = () =>
      world.system.query<{ due_at: Date | null }>(
        'select due_at from billing.accounts where tenant_id = any ($1)',
        [tenants],
      );
    expect(await dueOf()).toEqual([{ due_at: null }, { due_at: null }]);
    const ready = { id: clock.id, object: 'test_helpers.test_clock' };
    const id = await world.store(
      JSON.stringify({ type: 'test_helpers.test_clock.ready', data: { object: ready } }),
    );
    await world.apply();
    expect(await rows([id])).toMatchObject([{ status: 'applied', tenant_id: null }]);
    expect(await dueOf()).toEqual([{ due_at: world.clock.now() }, { due_at: world.clock.now() }]);
  });
});
