import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { StripeArchive } from '../persistence/stripe-archive.js';
import { type Foretold, ReplayStripeEvents, ReplayStripeEventsInput } from './replay-stripe-events.js';

let world: BillingRoom;
let events: ReplayStripeEvents;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  events = world.app.get(ReplayStripeEvents, { strict: false });
});
afterAll(() => world.close());

async function foretold(filter: Record<string, unknown>): Promise<Foretold[]> {
  const all: Foretold[] = [];
  const input = ReplayStripeEventsInput.parse(filter);
  for await (const one of events.foresee(world.operator, input)) all.push(one);
  return all;
}

const rowsOf = (tenantId: string) =>
  world.system.query(
    'select ticket, revision, standing, looked_at from billing.accounts where tenant_id = $1',
    [tenantId],
  );

/** An event of a customer. Gives its id. */
const stored = (customerId: string, more = '') =>
  world.store(
    `{"type":"customer.updated","data":{"object":{"object":"customer","id":"${customerId}"${more}}}}`,
    customerId,
  );

async function hoursFromNow(hours: number): Promise<Date> {
  const [row] = await world.system.query<{ at: Date }>(`select now() + $1 * interval '1 hour' as at`, [
    hours,
  ]);
  return row!.at;
}

describe('replaying events of Stripe (S2-34)', () => {
  it('shows first what would change, and writes nothing of it', async () => {
    const tenantId = await world.tenant();
    const customer = await world.customer(tenantId);
    await world.subscribe(customer.id);
    await world.deliver();
    await world.system.query(`update billing.stripe_events set status = 'ignored' where status = 'received'`);

    const filter = { type: 'customer.subscription.created' };
    expect(await foretold(filter)).toEqual([
      {
        subject: customer.id,
        tenantId,
        problem: null,
        differences: expect.arrayContaining([
          'state: none -> active',
          'plan: FREE -> TEAM',
          'seats: none -> 5',
        ]),
        tells: ['subscribed'],
      },
    ]);
    expect(await rowsOf(tenantId)).toEqual([]);
    expect(await world.told(tenantId)).toEqual([]);
    const left = await world.system.query(`select 1 from billing.stripe_events where status = 'received'`);
    expect(left).toEqual([]);

    expect(await events.execute(world.operator, filter)).toBe(1);
    await world.apply();
    expect(await rowsOf(tenantId)).toMatchObject([
      { revision: 1, standing: { state: 'active', plan: 'TEAM' } },
    ]);
    expect((await world.told(tenantId)).map((one) => one.name)).toEqual([
      'billing.subscription.changed',
      'billing.notice.raised',
    ]);
    expect((await foretold(filter)).flatMap(({ differences, tells }) => [...differences, ...tells])).toEqual(
      [],
    );
  });

  it('tells nobody anything twice, however often, and stands in the trail each time', async () => {
    const tenantId = await world.tenant();
    const customer = await world.customer(tenantId);
    await world.subscribe(customer.id);
    await world.deliver();
    await world.apply();
    for (let time = 0; time < 3; time++) {
      expect(await events.execute(world.operator, { tenantId })).toBeGreaterThan(3);
      await world.apply();
    }
    const after = await world.told(tenantId);
    expect(after.filter((one) => one.name === 'billing.notice.raised')).toHaveLength(1);
    expect(after.filter((one) => one.name === 'billing.subscription.changed')).toHaveLength(1);
    expect(after.filter((one) => one.name === 'billing.stripe_events.replayed')).toHaveLength(3);
    const log = await world.system.query(
      `select operator, reason, action, details from billing.operator_log where details -> 'filter' ->> 'tenantId' = $1`,
      [tenantId],
    );
    expect(log).toHaveLength(3);
    expect(log[0]).toMatchObject({
      operator: 'ops',
      reason: 'because of a ticket',
      action: 'STRIPE_EVENTS_REPLAYED',
    });
  });

  it('lists what was parked, by whose customer it is about, and takes it up again', async () => {
    const tenantId = await world.tenant();
    const customer = await world.customer(tenantId);
    await world.deliver();
    await world.apply();
    await world.subscribe(customer.id);
    await world.deliver();
    world.pay.local.faults.add({
      kind: 'status',
      status: 400,
      times: 1_000,
      code: 'parameter_invalid',
      match: { path: `/v1/customers/${customer.id}` },
    });
    await world.apply();
    world.pay.local.faults.clear();

    const dead = await events.dead(world.operator, 100);
    expect(dead.data.length).toBeGreaterThan(1);
    for (const one of dead.data) expect(one).toMatchObject({ status: 'dead', tenantId, attempts: 1 });
    expect(dead.data[0]!.failure).toContain('400');
    const [first, ...rest] = dead.data;
    const page = await events.dead(world.operator, 1);
    expect(page).toMatchObject({ data: [{ id: first!.id }], nextCursor: first!.id });
    expect((await events.dead(world.operator, 100, first!.id)).data.map((one) => one.id)).toEqual(
      rest.map((one) => one.id),
    );

    expect(await events.execute(world.operator, { status: 'dead', tenantId })).toBe(dead.data.length);
    await world.apply();
    expect((await events.dead(world.operator, 100)).data).toEqual([]);
    expect(await rowsOf(tenantId)).toMatchObject([{ standing: { state: 'active' } }]);
  });

  it('finds by id and by when they came, and says of whom nothing can come', async () => {
    const stranger = await world.customer(null);
    const archive = world.app.get(StripeArchive, { strict: false });
    const ids = await world.deliver();
    await world.apply();
    expect(await foretold({ id: ids[0] })).toEqual([
      { subject: stranger.id, tenantId: null, problem: 'NO_TENANT', differences: [], tells: [] },
    ]);
    // By Postgres's clock, as they came.
    const [soon, ago] = await Promise.all([hoursFromNow(1), hoursFromNow(-1)]);
    expect(await events.execute(world.operator, { from: soon })).toBe(0);
    expect(await events.execute(world.operator, { to: ago })).toBe(0);
    expect((await archive.page({ from: ago, to: soon }, 1_000)).data.length).toBeGreaterThan(ids.length);
  });

  it('says of what Stripe did not count that something may change: what, it alone knows', async () => {
    const id = await world.store(
      '{"type":"v1.billing.meter.error_report_triggered","related_object":{"url":"/v1/billing/meters/mtr_1"}}',
    );
    await world.system.query(`update billing.stripe_events set status = 'dead' where id = $1`, [id]);
    expect(await foretold({ id })).toEqual([
      { subject: id, tenantId: null, problem: 'OF_USES', differences: [], tells: [] },
    ]);
    await world.system.query('delete from billing.stripe_events where id = $1', [id]);
  });

  it('counts those of a replay that still wait', async () => {
    const customer = await world.customer(await world.tenant());
    const ids = await world.deliver();
    expect(await events.waiting(world.operator)).toBe(0);
    await world.apply();
    const replayed = await events.execute(world.operator, { id: ids[0] });
    await stored(customer.id);
    expect(await events.waiting(world.operator)).toBe(replayed);
    await world.apply();
    expect(await events.waiting(world.operator)).toBe(0);
  });

  it('shows what would change of every customer, however many they are', async () => {
    const tenantId = await world.tenant();
    await world.subscribe((await world.customer(tenantId)).id);
    await world.deliver();
    await Promise.all(Array.from({ length: 501 }, (_, n) => stored(`cus_many${n}`)));
    await world.system.query(
      `update billing.stripe_events set received_at = now() - interval '1 day' where customer_id like 'cus_many%'`,
    );
    await world.system.query(`update billing.stripe_events set status = 'ignored' where status = 'received'`);
    const all = await foretold({ from: await hoursFromNow(-48) });
    expect(all.filter((one) => one.problem === 'NO_CUSTOMER').length).toBeGreaterThanOrEqual(501);
    expect(all.filter((one) => one.differences.length > 0)).toMatchObject([{ tenantId }]);
    expect(new Set(all.map((one) => one.subject)).size).toBe(all.length);
    await world.system.query(`delete from billing.stripe_events where customer_id like 'cus_many%'`);
  });

  it('finds what was parked also among events of which Postgres cannot read a word', async () => {
    const tenantId = await world.tenant();
    const customer = await world.customer(tenantId);
    await world.deliver();
    await world.apply();
    const id = await stored(customer.id, String.raw`,"name":"\u0000"`);
    await world.system.query(`update billing.stripe_events set status = 'dead' where id = $1`, [id]);
    const dead = await events.dead(world.operator, 100);
    expect(dead.data).toMatchObject([{ id, tenantId }]);
    expect(await events.execute(world.operator, { tenantId, status: 'dead' })).toBe(1);
    await world.apply();
    expect((await events.dead(world.operator, 100)).data).toEqual([]);
  });

  it('refuses to replay everything by default, and those who are no operators', async () => {
    expect(ReplayStripeEventsInput.safeParse({}).success).toBe(false);
    const nobody = world.operator.as({ scopes: [] });
    await expect(events.execute(nobody, { type: 'x' })).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    await expect(events.waiting(nobody)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    await expect(events.dead(nobody, 1)).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
    await expect(events.foresee(nobody, { type: 'x' }).next()).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
    });
  });
});
