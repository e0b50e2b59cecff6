import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { Drifts } from '../persistence/drifts.js';
import { Sweeps } from '../persistence/sweeps.js';
import { ManageDrift } from '../use-cases/manage-drift.js';
import { Reconcile } from './reconcile.js';
import { nextSweep } from './schedule.js';

const HOUR = 3_600_000;

let world: BillingRoom;
let reconcile: Reconcile;
let manage: ManageDrift;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  reconcile = world.app.get(Reconcile, { strict: false });
  manage = world.app.get(ManageDrift, { strict: false });
  await sweepAll();
});
afterAll(() => world.close());

/** Everything that is due, to its end. */
async function sweepAll(): Promise<void> {
  while (await reconcile.turn());
}

async function sweep(kind: 'hourly' | 'nightly'): Promise<void> {
  await manage.sweep(world.operator, kind);
  await sweepAll();
}

/** Of these subjects, oldest first. */
async function driftsOf(...subjects: string[]) {
  const { data } = await manage.page(world.operator, { isOpen: false, limit: 1_000 });
  return data.filter((one) => subjects.includes(one.subject));
}

async function subscribed() {
  const tenantId = await world.tenant();
  const customer = await world.customer(tenantId);
  const subscription = await world.subscribe(customer.id);
  return { tenantId, customer, subscription };
}

/** With all events applied. */
async function settled() {
  const made = await subscribed();
  await world.deliver();
  await world.apply();
  return made;
}

const standingOf = async (tenantId: string) => {
  const [row] = await world.system.query<{ standing: Record<string, unknown> }>(
    'select standing from billing.accounts where tenant_id = $1',
    [tenantId],
  );
  return row?.standing;
};

describe('comparing with Stripe', () => {
  it('finds nothing where nothing is wrong', async () => {
    const [plain, cheaper] = [await settled(), await subscribed()];
    const coupon = await world.pay.stripe.coupons.create({ percent_off: 20, duration: 'forever' });
    await world.pay.stripe.subscriptions.update(cheaper.subscription.id, {
      discounts: [{ coupon: coupon.id }],
    });
    await world.deliver();
    await world.apply();
    const before = await Promise.all([plain, cheaper].map((one) => world.told(one.tenantId)));
    await sweep('nightly');
    await sweep('hourly');
    const subjects = [plain, cheaper].flatMap((one) => [one.customer.id, one.subscription.id]);
    expect(await driftsOf(...subjects)).toEqual([]);
    expect(await Promise.all([plain, cheaper].map((one) => world.told(one.tenantId)))).toEqual(before);
  });

  it('finds a subscription that nobody told of, and follows it', async () => {
    const { tenantId, customer, subscription } = await subscribed();
    await sweep('hourly');
    expect(await standingOf(tenantId)).toMatchObject({ state: 'active', plan: 'TEAM', seats: 5 });
    expect(await driftsOf(subscription.id)).toMatchObject([
      { kind: 'missing', tenantId, resolution: 'repaired', details: { customerId: customer.id } },
    ]);
    // The events that come late change nothing and tell nobody.
    const told = await world.told(tenantId);
    await world.deliver();
    await world.apply();
    expect(await world.told(tenantId)).toEqual(told);
  });

  it('tells a changed quantity from anything else that changed', async () => {
    const [more, other] = [await settled(), await settled()];
    const [seat] = more.subscription.items.data;
    await world.pay.stripe.subscriptions.update(more.subscription.id, {
      items: [{ id: seat!.id, quantity: 2 }],
    });
    await world.pay.stripe.subscriptions.update(other.subscription.id, { cancel_at_period_end: true });
    await sweep('hourly');
    expect(await driftsOf(more.subscription.id)).toMatchObject([
      { kind: 'quantity', resolution: 'repaired' },
    ]);
    expect(await driftsOf(other.subscription.id)).toMatchObject([{ kind: 'stale', resolution: 'repaired' }]);
    expect(await standingOf(more.tenantId)).toMatchObject({ seats: 10 });
    expect(await standingOf(other.tenantId)).toMatchObject({ state: 'ending' });
  });

  /** Cancelled at Stripe, and nobody was told. */
  const isTakenBack = async (tenantId: string, subscriptionId: string) => {
    world.clock.advance(1_000);
    await world.pay.stripe.subscriptions.cancel(subscriptionId);
    await sweep('hourly');
    expect(await driftsOf(subscriptionId)).toMatchObject([
      { kind: 'access_without_payment', tenantId, resolution: 'repaired' },
    ]);
  };

  it('takes back what nothing pays for any more, also where nothing else has changed for long', async () => {
    const { tenantId, subscription } = await settled();
    world.clock.advance(3 * HOUR);
    // Whatever else is due by then: what follows is found by the hourly look alone.
    await sweepAll();
    await isTakenBack(tenantId, subscription.id);
    expect(await standingOf(tenantId)).toMatchObject({ state: 'cancelled', access: 'free', plan: 'FREE' });
  });

  it('takes it back also from a customer that pays for something else', async () => {
    const { tenantId, subscription, customer } = await settled();
    const { id: product } = await world.pay.stripe.products.create({ name: 'Support' });
    await world.pay.stripe.subscriptions.create({
      customer: customer.id,
      items: [
        { price_data: { product, currency: 'usd', unit_amount: 500, recurring: { interval: 'month' } } },
      ],
    });
    await world.deliver();
    await world.apply();
    await sweepAll();
    await isTakenBack(tenantId, subscription.id);
    expect(await standingOf(tenantId)).toMatchObject({ state: 'cancelled', plan: 'FREE' });
  });

  it('leaves to operators a plan whose customer Stripe does not know: it may be the wrong key', async () => {
    const { tenantId, subscription } = await settled();
    await world.system.query(`update billing.accounts set customer_id = 'cus_nobody' where tenant_id = $1`, [
      tenantId,
    ]);
    await world.pay.stripe.subscriptions.cancel(subscription.id);
    await sweep('hourly');
    expect(await driftsOf(subscription.id)).toMatchObject([
      { kind: 'access_without_payment', tenantId, resolution: null, details: { why: 'NO_CUSTOMER' } },
    ]);
    expect(await standingOf(tenantId)).toMatchObject({ state: 'active', access: 'full' });
  });

  it('leaves who pays twice and whom nobody knows to operators; settled by one, it is open again when seen again', async () => {
    const twice = await settled();
    await world.subscribe(twice.customer.id);
    await world.deliver();
    await world.apply();
    const stranger = await world.customer(null);
    const orphan = await world.subscribe(stranger.id);
    await sweep('nightly');
    await sweep('nightly');
    const found = await driftsOf(twice.customer.id, orphan.id);
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'duplicate', tenantId: twice.tenantId, resolution: null }),
        expect.objectContaining({ kind: 'orphan', tenantId: null, resolution: null }),
      ]),
    );

    const duplicate = found.find((one) => one.kind === 'duplicate')!;
    await manage.resolve(world.operator, { driftId: duplicate.id });
    await expect(manage.resolve(world.operator, { driftId: duplicate.id })).rejects.toMatchObject({
      code: 'DRIFT_RESOLVED',
    });
    expect((await world.told(twice.tenantId)).at(-1)).toEqual({
      name: 'billing.drift.resolved',
      payload: { driftId: duplicate.id, kind: 'duplicate', subject: twice.customer.id },
    });
    await sweep('hourly');
    expect(await driftsOf(twice.customer.id)).toMatchObject([
      { resolution: 'operator', resolvedBy: 'ops', reason: 'because of a ticket' },
      { resolution: null },
    ]);

    // Gone at Stripe, it is gone here after a look at everything.
    await world.pay.stripe.subscriptions.cancel(orphan.id);
    world.clock.advance(1_000);
    await sweep('nightly');
    expect(await driftsOf(orphan.id)).toMatchObject([{ resolution: 'gone' }]);
  });

  it('leaves to operators who has a second customer that pays', async () => {
    const { tenantId, customer } = await settled();
    const second = await world.customer(tenantId);
    const paid = await world.subscribe(second.id);
    await sweep('hourly');
    expect(await driftsOf(paid.id)).toMatchObject([
      {
        ...{ kind: 'duplicate', tenantId, resolution: null },
        details: { customerId: second.id, why: 'OTHER_CUSTOMER' },
      },
    ]);
    const [account] = await world.system.query(
      'select customer_id from billing.accounts where tenant_id = $1',
      [tenantId],
    );
    expect(account).toEqual({ customer_id: customer.id });

    // Put right at Stripe, it is gone here.
    await world.pay.stripe.subscriptions.cancel(paid.id);
    world.clock.advance(1_000);
    await sweep('nightly');
    expect(await driftsOf(paid.id)).toMatchObject([{ resolution: 'gone' }]);
  });

  it('says nothing of what the same account at Stripe sells besides', async () => {
    const { stripe } = world.pay;
    const product = await stripe.products.create({ name: 'Shirts by the month' });
    const price = await stripe.prices.create({
      ...{ product: product.id, currency: 'usd', unit_amount: 100, recurring: { interval: 'month' } },
    });
    const customer = await world.customer(null);
    const shirts = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
    await sweep('nightly');
    expect(await driftsOf(shirts.id, customer.id)).toEqual([]);
  });

  it('is one worker’s at a time, and goes on with the next page where a killed one has stopped', async () => {
    const sweeps = world.app.get(Sweeps, { strict: false });
    const other = (await world.another()).get(Reconcile, { strict: false });
    await manage.sweep(world.operator, 'nightly');
    const lastPage = await reconcile.turn();
    expect(lastPage).toBe(true);
    expect(await other.turn()).toBe(false);
    const [held] = await world.system.query(`select phase from billing.sweeps where kind = 'nightly'`);
    expect(held).toEqual({ phase: 'ours' });

    // As when its lease has run out: it was killed.
    await world.system.query(`update billing.sweeps set leased_until = now() - interval '1 second'`);
    expect(await other.turn()).toBe(true);
    expect(await reconcile.turn()).toBe(false);
    const [done] = await world.system.query(
      `select phase, leased_by, due_at > $1 as later from billing.sweeps where kind = 'nightly'`,
      [world.clock.now()],
    );
    expect(done).toEqual({ phase: 'stripe', leased_by: null, later: true });
    expect(await sweeps.extend('nobody', 'nightly', 1)).toBe(false);
  });

  it('waits where it is while Stripe is away', async () => {
    const { tenantId } = await subscribed();
    world.pay.local.faults.add({ kind: 'status', times: 3, match: { path: '/v1/subscriptions' } });
    await manage.sweep(world.operator, 'hourly');
    await expect(reconcile.turn()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    await sweepAll();
    expect(await standingOf(tenantId)).toMatchObject({ state: 'active' });
  });

  it('leaves a customer whom Stripe cannot show to operators, and repairs the others', async () => {
    const [before, odd, after] = [await subscribed(), await subscribed(), await subscribed()];
    world.pay.local.faults.add({
      kind: 'status',
      times: 1_000,
      match: { path: `/v1/customers/${odd.customer.id}` },
    });
    await manage.sweep(world.operator, 'hourly');
    for (let failed = 0; failed < 2; failed++)
      await expect(sweepAll()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    await sweepAll();
    for (const { tenantId } of [before, after])
      expect(await standingOf(tenantId)).toMatchObject({ state: 'active', plan: 'TEAM' });
    expect(await driftsOf(odd.subscription.id)).toMatchObject([
      { kind: 'missing', resolution: null, details: { why: expect.stringMatching(/^500/) } },
    ]);
    world.pay.local.faults.clear();
    await sweep('nightly');
    expect(await standingOf(odd.tenantId)).toMatchObject({ state: 'active' });
  });

  it('counts failures anew in each comparison, whichever process has ended the one before', async () => {
    const odd = await subscribed();
    const path = `/v1/customers/${odd.customer.id}`;
    world.pay.local.faults.add({ kind: 'status', times: 1_000, match: { path } });
    const away = { code: 'BILLING_UNAVAILABLE' };
    await manage.sweep(world.operator, 'hourly');
    for (let failed = 0; failed < 2; failed++) await expect(sweepAll()).rejects.toMatchObject(away);
    const other = (await world.another()).get(Reconcile, { strict: false });
    await world.system.query(`update billing.sweeps set leased_until = now() - interval '1 second'`);
    for (let failed = 0; failed < 2; failed++) await expect(other.turn()).rejects.toMatchObject(away);
    while (await other.turn());
    expect(await driftsOf(odd.subscription.id)).toHaveLength(1);

    world.clock.advance(1_000);
    await manage.sweep(world.operator, 'hourly');
    await expect(sweepAll()).rejects.toMatchObject(away);
    world.pay.local.faults.clear();
    await sweepAll();
    expect(await standingOf(odd.tenantId)).toMatchObject({ state: 'active' });
  });

  it('forgets failures once it could compare: they are not one after the other', async () => {
    const odd = await subscribed();
    const path = `/v1/customers/${odd.customer.id}`;
    const away = { code: 'BILLING_UNAVAILABLE' };
    world.pay.local.faults.add({ kind: 'status', times: 1_000, match: { path } });
    await manage.sweep(world.operator, 'hourly');
    for (let failed = 0; failed < 2; failed++) await expect(sweepAll()).rejects.toMatchObject(away);
    world.pay.local.faults.clear();
    await reconcile.turn();
    expect(await standingOf(odd.tenantId)).toMatchObject({ state: 'active' });

    await world.pay.stripe.subscriptions.update(odd.subscription.id, { cancel_at_period_end: true });
    await world.system.query(
      `update billing.sweeps set phase = 'stripe', position = null where kind = 'hourly'`,
    );
    world.pay.local.faults.add({ kind: 'status', times: 1_000, match: { path } });
    await expect(sweepAll()).rejects.toMatchObject(away);
    world.pay.local.faults.clear();
    await sweepAll();
    expect(await standingOf(odd.tenantId)).toMatchObject({ state: 'ending' });
  });

  it('says nothing of who was deleted at Stripe, which tells no more of them', async () => {
    const { tenantId, customer, subscription } = await settled();
    await world.pay.stripe.customers.del(customer.id);
    await world.deliver();
    // By our time it ended later than by Stripe's.
    world.clock.advance(HOUR);
    await world.apply();
    expect(await standingOf(tenantId)).toMatchObject({ state: 'cancelled' });
    await sweep('nightly');
    expect(await driftsOf(subscription.id, customer.id)).toEqual([]);
  });

  it('leaves one whose facts nobody can read to operators', async () => {
    const [odd, other] = [await settled(), await subscribed()];
    await world.system.query(
      `update billing.accounts set facts = '{"subscriptions": 1}', swept_at = null where tenant_id = $1`,
      [odd.tenantId],
    );
    await manage.sweep(world.operator, 'hourly');
    for (let failed = 0; failed < 2; failed++) await expect(sweepAll()).rejects.toThrow();
    await sweepAll();
    expect(await standingOf(other.tenantId)).toMatchObject({ state: 'active' });
    expect(await driftsOf(odd.subscription.id)).toMatchObject([{ kind: 'stale', resolution: null }]);
    await world.system.query('update billing.accounts set facts = null where tenant_id = $1', [odd.tenantId]);
    await sweep('hourly');
  });

  it('leaves nobody to operators while Stripe is away, however often it tries', async () => {
    const { tenantId, subscription } = await subscribed();
    await manage.sweep(world.operator, 'hourly');
    world.pay.local.faults.add({ kind: 'status', times: 1_000 });
    for (let failed = 0; failed < 6; failed++) {
      await expect(sweepAll()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
      world.clock.advance(6_000);
    }
    world.pay.local.faults.clear();
    await sweepAll();
    expect(await driftsOf(subscription.id)).toMatchObject([{ kind: 'missing', resolution: 'repaired' }]);
    expect(await standingOf(tenantId)).toMatchObject({ state: 'active' });
  });

  it('begins anew when Stripe does not know any more where it was', async () => {
    const { tenantId } = await subscribed();
    await manage.sweep(world.operator, 'hourly');
    await world.system.query(`update billing.sweeps set position = 'sub_gone' where kind = 'hourly'`);
    await sweepAll();
    expect(await standingOf(tenantId)).toMatchObject({ state: 'active' });
  });

  it('asks Stripe one page for a hundred subscriptions, not one call for each', async () => {
    for (let n = 0; n < 3; n++) await settled();
    await sweep('nightly');
    world.pay.local.api.asked.length = 0;
    await sweep('nightly');
    const lists = world.pay.local.api.asked.filter((one) => one.path === '/v1/subscriptions');
    expect(lists).toHaveLength(1);
    // Those that no living subscription stands behind are looked at one by one.
    const open = (await world.app.get(Drifts, { strict: false }).countOpen()).reduce(
      (n, one) => n + one.count,
      0,
    );
    expect(world.pay.local.api.asked.length).toBeLessThanOrEqual(1 + 3 * open);
  });
});

describe('when it is next', () => {
  it('is an hour later, or the next night', () => {
    const at = (text: string) => new Date(`2026-11-22T${text}:00Z`);
    expect(nextSweep('hourly', at('10:20'))).toEqual(new Date(at('10:20').getTime() + HOUR));
    expect(nextSweep('nightly', at('02:59'))).toEqual(at('03:00'));
    expect(nextSweep('nightly', at('03:00'))).toEqual(new Date('2026-11-23T03:00:00Z'));
  });
});
