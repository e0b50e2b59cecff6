import { Actor, type DeliveredEvent } from '#platform';
import { TenantDeleted } from '#tenancy/events';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { EndWithTenant } from './end-with-tenant.js';

describe('the subscription of an organisation that is deleted', () => {
  let room: BillingRoom;
  beforeAll(async () => {
    room = await billingRoom(ApplyEvents);
  }, 60_000);
  afterAll(() => room?.close());

  const deleted = (tenantId: string) =>
    room.app
      .get(EndWithTenant, { strict: false })
      .handle({ tenantId, traceId: 'trace' } as DeliveredEvent<typeof TenantDeleted>);

  it('ends at once, also when it is told twice or has ended already', async () => {
    const tenantId = await room.tenant();
    const customer = await room.customer(tenantId);
    const { id } = await room.subscribe(customer.id);
    await room.deliver();
    await room.apply();
    await deleted(tenantId);
    expect((await room.pay.stripe.subscriptions.retrieve(id)).status).toBe('canceled');
    await deleted(tenantId);
    await deleted(await room.tenant());
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
