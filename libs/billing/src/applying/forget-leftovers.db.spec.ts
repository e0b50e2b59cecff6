import pg from 'pg';
import { Actor, ClosedTenants } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ProductWrites } from '../persistence/product-writes.js';
import { Drifts } from '../persistence/drifts.js';
import { ReplayStripeEvents } from '../use-cases/replay-stripe-events.js';
import { ApplyEvents } from './apply-events.js';
import { ForgetLeftovers } from './forget-leftovers.js';

const DAY = 86_400_000;

let world: BillingRoom;
let forgetting: ForgetLeftovers;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents, {
    BILLING_EVENTS_KEEP_DAYS: '30',
    BILLING_NOTICES_KEEP_DAYS: '90',
  });
  forgetting = world.app.get(ForgetLeftovers, { strict: false });
});
afterAll(() => world.close());

async function bought() {
  const tenantId = await world.tenant();
  const customer = await world.customer(tenantId);
  await world.subscribe(customer.id);
  const ids = await world.deliver();
  await world.apply();
  return { tenantId, customer, ids };
}
const count = async (table: string, where: string, ...values: unknown[]) => {
  const [row] = await world.system.query<{ n: number }>(
    `select count(*)::int as n from billing.${table} where ${where}`,
    values,
  );
  return row!.n;
};

const charge = (customer: string, name: string) =>
  JSON.stringify({
    type: 'charge.updated',
    data: { object: { object: 'charge', id: 'ch_1', customer, billing_details: { name } } },
  });

describe('what is kept of Stripe’s words and ours', () => {
  it('is forgotten when its days are over; what waits, was parked or has no known end stays', async () => {
    const { tenantId, ids } = await bought();
    const [waits, parked, ...over] = ids;
    const actor = Actor.system(tenantId, 'trace');
    await world.system.query(
      `update billing.stripe_events set status = 'received', settled_at = null where id = $1`,
      [waits],
    );
    await world.system.query(`update billing.stripe_events set status = 'dead' where id = $1`, [parked]);
    await world.db.transaction(actor, async () => {
      for (const [id, outcome] of [
        ['wrt_open', null],
        ['wrt_over', 'done'],
      ])
        await world.db.query(
          `insert into billing.stripe_writes (tenant_id, id, verb, digest, params, begun_at, outcome, ended_at)
           values ($1, $2, 'make', $2, '{}', $3, $4, case when $4::text is null then null else $3::timestamptz end)`,
          [tenantId, id, world.clock.now(), outcome],
        );
    });
    // Beside that they have it, which is known for as long as they do.
    await world.db.transaction(actor, () =>
      world.db.query(
        `insert into billing.effects (tenant_id, effect_key, at) values ($1, 'recovered:in_1', $2)`,
        [tenantId, world.clock.now()],
      ),
    );
    const drifts = world.app.get(Drifts, { strict: false });
    const [settled] = await Promise.all(
      ['sub_settled', 'sub_open'].map((subject) =>
        drifts.see({ kind: 'stale', subject, tenantId, details: {} }, world.clock.now()),
      ),
    );
    await drifts.resolve(settled!, world.clock.now(), { resolution: 'repaired' });
    const left = async () => ({
      drifts: await count('drift', 'tenant_id = $1', tenantId),
      events: await count('stripe_events', 'id = any ($1)', ids),
      writes: await count('stripe_writes', `tenant_id = $1 and id like 'wrt_o%'`, tenantId),
      told: await count('effects', 'tenant_id = $1', tenantId),
    });
    world.clock.advance(29 * DAY);
    while (await forgetting.turn());
    expect(await left()).toEqual({ drifts: 2, events: 2 + over.length, writes: 2, told: 2 });
    world.clock.advance(2 * DAY);
    while (await forgetting.turn());
    expect(await left()).toEqual({ drifts: 1, events: 2, writes: 1, told: 2 });
    expect(await count('stripe_writes', `tenant_id = $1 and id = 'wrt_open'`, tenantId)).toBe(1);
    world.clock.advance(60 * DAY);
    while (await forgetting.turn());
    expect(await left()).toEqual({ drifts: 1, events: 2, writes: 1, told: 1 });
    expect(await count('drift', `subject = 'sub_open'`)).toBe(1);
  });

  it('is kept of a type that nothing is applied of, too, but of nobody else’s customers', async () => {
    const { customer } = await bought();
    const foreign = await world.customer(null);
    const [ours, theirs, nobodys] = [
      await world.store(charge(customer.id, 'Ada'), customer.id),
      await world.store(charge(foreign.id, 'Grace'), foreign.id),
      await world.store('{"type":"balance.available","data":{"object":{"object":"balance"}}}'),
    ];
    await world.apply();
    expect(
      await count('stripe_events', `id = any ($1) and status = 'ignored'`, [ours, theirs, nobodys]),
    ).toBe(3);
    expect(await count('stripe_events', `id = any ($1) and payload <> ''`, [ours, nobodys])).toBe(2);
    expect(await count('stripe_events', `id = $1 and payload = ''`, theirs)).toBe(1);
  });

  it('is not kept of a customer that is gone at Stripe and nobody’s, which may have gone with its tenant', async () => {
    const [gone, there] = [await world.customer(null), await world.customer(null)];
    await world.pay.stripe.customers.del(gone.id);
    const body = (id: string) =>
      JSON.stringify({
        type: 'customer.updated',
        data: { object: { object: 'customer', id, email: 'ada@acme.example' } },
      });
    const ids = [await world.store(body(gone.id), gone.id), await world.store(body(there.id), there.id)];
    await world.apply();
    expect(
      await world.system.query(
        `select failure, payload = '' as forgotten from billing.stripe_events where id = any ($1)
         order by array_position($1, id)`,
        [ids],
      ),
    ).toEqual([
      { failure: 'GONE_CUSTOMER', forgotten: true },
      { failure: 'NO_TENANT', forgotten: false },
    ]);
  });

  it('is forgotten of what the product asked for itself, also when nobody knows how that ended', async () => {
    const writes = new ProductWrites(world.system, world.clock);
    await writes.end((await writes.begin('make', 'over')).id, 'done');
    await writes.begin('make', 'unheard');
    const left = () => count('product_writes', `verb = 'make'`);
    world.clock.advance(29 * DAY);
    while (await forgetting.turn());
    expect(await left()).toBe(2);
    world.clock.advance(2 * DAY);
    while (await forgetting.turn());
    expect(await left()).toBe(0);
  });

  it('goes a batch at a time', async () => {
    const { ids } = await bought();
    await world.system.query(
      `update billing.stripe_events set status = 'applied', settled_at = $2 where id = any ($1)`,
      [ids, new Date(world.clock.now().getTime() - 31 * DAY)],
    );
    expect(await forgetting.turn()).toBe(false);
    expect(await count('stripe_events', 'id = any ($1)', ids)).toBe(0);
  });

  it('is a tenant’s that goes, also where nobody had said so; what comes later keeps nothing', async () => {
    const { tenantId, customer, ids } = await bought();
    await world.system.query('update billing.stripe_events set tenant_id = null where id = any ($1)', [ids]);
    await forgetting.erase(tenantId);
    // Of what came before anybody knew the customer, and is never applied, nothing was kept.
    const kept = await count('stripe_events', `id = any ($1) and payload <> ''`, ids);
    expect(kept).toBeGreaterThan(3);
    expect(await count('stripe_events', 'tenant_id = $1 and id = any ($2)', tenantId, ids)).toBe(kept);

    const owner = new pg.Client({ connectionString: world.database.ownerUrl });
    await owner.connect();
    await owner.query(`update tenancy.tenants set status = 'deleted' where tenant_id = $1`, [tenantId]);
    await world.app.get(ClosedTenants, { strict: false }).close(tenantId);
    const replays = world.app.get(ReplayStripeEvents, { strict: false });
    for (const name of ['Ada Lovelace', 'Ada King']) {
      const [since] = await world.system.query<{ at: Date }>('select clock_timestamp() as at');
      // Of a type that nothing is applied of.
      const charged = await world.store(charge(customer.id, name), customer.id);
      await world.pay.stripe.customers.update(customer.id, { name });
      const late = await world.deliver();
      await world.apply();
      expect(late.length).toBeGreaterThan(0);
      expect(
        await count('stripe_events', `id = any ($1) and (payload <> '' or customer_id is not null)`, late),
      ).toBe(0);
      expect(await count('stripe_events', `id = any ($1) and failure = 'TENANT_DELETED'`, late)).toBe(
        late.length,
      );
      expect(await count('stripe_events', `id = $1 and status = 'ignored' and payload = ''`, charged)).toBe(
        1,
      );
      // Nothing is left that could be applied again.
      expect(await replays.execute(world.operator, { from: since!.at })).toBe(0);
      expect(await replays.execute(world.operator, { type: 'customer.updated', from: since!.at })).toBe(0);
      // And once more when nothing here knows whose it was.
      await owner.query('delete from billing.stripe_customers where tenant_id = $1', [tenantId]);
    }
    await owner.end();
  });
});
