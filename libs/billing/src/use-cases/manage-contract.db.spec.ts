import { Actor } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { LookAtDue } from '../applying/look-at-due.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { AgreeContractInput, ManageContract } from './manage-contract.js';
import { ShowBilling } from './show-billing.js';

const DAY = 86_400_000;

let world: BillingRoom;
let contracts: ManageContract;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  contracts = world.app.get(ManageContract, { strict: false });
});
afterAll(() => world.close());

const inDays = (days: number) => new Date(world.clock.now().getTime() + days * DAY);
const agree = (tenantId: string, days: number, seats: number | null = 40) =>
  contracts.agree(
    world.operator,
    AgreeContractInput.parse({ tenantId, plan: 'ENTERPRISE', seats, endsAt: inDays(days) }),
  );
const account = (tenantId: string) =>
  world.app.get(ShowBilling, { strict: false }).execute(world.operator, tenantId);
const lookAtAllDue = async () => {
  while (await world.app.get(LookAtDue, { strict: false }).turn());
};
const changes = async (tenantId: string) =>
  (await world.told(tenantId))
    .filter((one) => one.name === 'billing.subscription.changed')
    .map(({ payload: { revision, state, plan, seats, access } }) => ({
      revision,
      state,
      plan,
      seats,
      access,
    }));

describe('what a tenant has by contract', () => {
  it('holds without Stripe until it ends by itself, and is told by events', async () => {
    const tenantId = await world.tenant();
    const ends = inDays(30);
    expect(await agree(tenantId, 30)).toMatchObject({ state: 'contract', access: 'full', seats: 40 });
    expect(await account(tenantId)).toMatchObject({ customerId: null, standing: { dueAt: ends.getTime() } });

    world.clock.advance(30 * DAY);
    const look = world.app.get(LookAtDue, { strict: false });
    await look.turn();
    expect(await changes(tenantId)).toEqual([
      { revision: 1, state: 'contract', plan: 'ENTERPRISE', seats: 40, access: 'full' },
      { revision: 2, state: 'cancelled', plan: 'FREE', seats: null, access: 'free' },
    ]);
    const told = await world.told(tenantId);
    expect(told.map((one) => one.name)).toContain('billing.contract.agreed');
    expect(told.filter((one) => one.name === 'billing.notice.raised')).toMatchObject([
      { payload: { kind: 'cancelled', plan: 'ENTERPRISE' } },
    ]);
    // It is over: nobody looks again.
    expect(await look.turn()).toBe(false);
    expect(await changes(tenantId)).toHaveLength(2);
  });

  it('wins over what Stripe says, whatever is told meanwhile; ended, that holds again', async () => {
    const tenantId = await world.tenant();
    const customer = await world.customer(tenantId);
    const subscription = await world.subscribe(customer.id);
    await world.deliver();
    await world.apply();
    await agree(tenantId, 30, null);
    expect((await account(tenantId)).standing).toMatchObject({
      ...{ seats: null, duplicates: [subscription.id], reasons: ['subscription_beside'] },
    });

    await world.pay.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    await world.deliver();
    await world.apply();
    expect((await account(tenantId)).standing).toMatchObject({ state: 'contract', plan: 'ENTERPRISE' });

    await contracts.end(world.operator, { tenantId });
    expect((await account(tenantId)).standing).toMatchObject({
      state: 'ending',
      plan: 'TEAM',
      seats: 5,
      duplicates: [],
    });
    expect((await world.told(tenantId)).map((one) => one.name)).toContain('billing.contract.ended');
    await expect(contracts.end(world.operator, { tenantId })).rejects.toMatchObject({ code: 'NO_CONTRACT' });
  });

  it('ends also while Stripe is away, by what is known of it; then Stripe is asked again', async () => {
    const tenantId = await world.tenant();
    const customer = await world.customer(tenantId);
    const subscription = await world.subscribe(customer.id);
    await world.deliver();
    await world.apply();
    await agree(tenantId, 5);
    const { faults } = world.pay.local;
    const path = `/v1/customers/${customer.id}`;
    faults.add({ match: { method: 'GET', path }, kind: 'status', times: 100 });
    world.clock.advance(5 * DAY);
    await lookAtAllDue();
    expect((await account(tenantId)).standing).toMatchObject({
      ...{ state: 'active', plan: 'TEAM', seats: 5, subscriptionId: subscription.id },
    });
    await world.pay.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    faults.clear();
    world.clock.advance(60_000);
    await lookAtAllDue();
    expect((await account(tenantId)).standing).toMatchObject({ state: 'ending' });
  });

  it('ends also where Stripe does not know the customer', async () => {
    const tenantId = await world.tenant();
    await agree(tenantId, 5);
    await world.db.transaction(Actor.system(tenantId, 'trace'), async () => {
      const accounts = world.app.get(BillingAccounts, { strict: false });
      await accounts.lock(world.clock.now());
      await accounts.link(`cus_${tenantId.slice(4)}`);
    });
    world.clock.advance(5 * DAY);
    await lookAtAllDue();
    expect((await account(tenantId)).standing).toMatchObject({ state: 'cancelled', plan: 'FREE' });
  });

  it('is agreed anew in place, and the new end holds', async () => {
    const tenantId = await world.tenant();
    await agree(tenantId, 10);
    await agree(tenantId, 400, 90);
    expect(await account(tenantId)).toMatchObject({
      revision: 2,
      standing: { seats: 90, dueAt: inDays(400).getTime() },
    });
  });

  it('refuses what is over already, Free, a tenant that is none, and who is no operator', async () => {
    const tenantId = await world.tenant();
    await expect(agree(tenantId, 0)).rejects.toMatchObject({ code: 'CONTRACT_END_PAST' });
    const free = AgreeContractInput.safeParse({ tenantId, plan: 'FREE', seats: 1, endsAt: inDays(1) });
    expect(free.success).toBe(false);
    const nowhere = tenantId.replace(/.{4}$/, 'zzzz');
    await expect(agree(nowhere, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(contracts.end(world.operator.as({ scopes: [] }), { tenantId })).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
    });
  });
});
