import { Actor, type DeliveredEvent } from '#platform';
import { TenantDeleted } from '#tenancy/events';
import { fault } from '../../../../test/support/billing-changes.js';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { EndCustomers } from '../applying/end-customers.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { EndWithTenant } from './end-with-tenant.js';

describe('the subscription of an organisation that is deleted', () => {
  let room: BillingRoom;
  beforeAll(async () => {
    room = await billingRoom(ApplyEvents);
  });
  afterAll(() => room?.close());

  const handler = () => room.app.get(EndWithTenant, { strict: false });
  const deleted = (tenantId: string) =>
    handler().handle({ tenantId, traceId: 'trace' } as DeliveredEvent<typeof TenantDeleted>);
  const turn = (app = room.app) => app.get(EndCustomers, { strict: false }).turn();
  const kept = () =>
    room.system.query<{ failure: string | null; attempts: number }>(
      'select failure, attempts from billing.endings',
    );
  const statusOf = async (id: string) => (await room.pay.stripe.subscriptions.retrieve(id)).status;

  async function subscribed(): Promise<{ tenantId: string; customerId: string; id: string }> {
    const tenantId = await room.tenant();
    const customer = await room.customer(tenantId);
    const { id } = await room.subscribe(customer.id);
    await room.deliver();
    await room.apply();
    return { tenantId, customerId: customer.id, id };
  }

  it('ends at once, with all else that could be paid, also when it is told twice or has ended already', async () => {
    const { tenantId, customerId, id } = await subscribed();
    const second = await room.subscribe(customerId);
    const [price] = (await room.pay.stripe.prices.list({ lookup_keys: ['gatehouse_pro_month'] })).data;
    const page = await room.pay.stripe.checkout.sessions.create({
      ...{ mode: 'subscription', customer: customerId, success_url: 'https://acme.example/' },
      metadata: { tenant_id: tenantId },
      line_items: [{ price: price!.id, quantity: 1 }],
    });
    await deleted(tenantId);
    await deleted(tenantId);
    await turn();
    expect(await Promise.all([id, second.id].map(statusOf))).toEqual(['canceled', 'canceled']);
    expect((await room.pay.stripe.checkout.sessions.retrieve(page.id)).status).toBe('expired');
    await deleted(tenantId);
    await deleted(await room.tenant());
    await turn();
    expect(await kept()).toEqual([]);
  });

  it('is kept while Stripe is away, and ended by whichever worker is there when it is back', async () => {
    const { tenantId, customerId, id } = await subscribed();
    const { faults } = room.pay.local;
    // A read is asked for twice more.
    fault(room.pay, { kind: 'status', match: { path: `/v1/customers/${customerId}` }, times: 3 });
    // By what is told, and by what erases.
    await handler().erase(tenantId);
    await deleted(tenantId);
    await turn();
    expect([await kept(), await statusOf(id)]).toEqual([[{ failure: '500', attempts: 1 }], 'active']);
    // It is not tried again at once.
    await turn();
    expect(await kept()).toMatchObject([{ attempts: 1 }]);

    fault(room.pay, { kind: 'close_after_apply', match: { method: 'DELETE' }, times: 2 });
    const other = await room.another();
    await room.system.query(`update billing.endings set next_at = now() - interval '1 second'`);
    await turn(other);
    // It is done, and nobody heard of it.
    expect([(await kept()).length, await statusOf(id)]).toEqual([1, 'canceled']);
    faults.clear();
    await room.system.query(`update billing.endings set next_at = now() - interval '1 second'`);
    await turn(other);
    expect(await kept()).toEqual([]);
  });

  it('is never given up because Stripe does not know the customer: the key may be another account’s', async () => {
    await room.system.query(
      `insert into billing.endings (customer_id, key, asked_at) values ('cus_unknown', 'wrt_1', now())`,
    );
    await turn();
    expect(await kept()).toEqual([{ failure: expect.stringContaining('resource_missing'), attempts: 1 }]);
    await room.system.query('delete from billing.endings');
  });

  it('is nobody else’s: a customer that is one tenant’s is never linked to another (S2-13)', async () => {
    const [mine, other] = [await room.tenant(), await room.tenant()];
    const customer = await room.customer(mine);
    const accounts = room.app.get(BillingAccounts, { strict: false });
    const link = (tenantId: string) =>
      room.db.transaction(Actor.system(tenantId, 'trace'), async () => {
        await accounts.lock(room.clock.now());
        return accounts.link(customer.id);
      });
    expect(await link(mine)).toBe(true);
    expect(await link(other)).toBe(false);
    expect((await accounts.get(Actor.system(other, 'trace'))).customerId).toBeNull();
  });
});
