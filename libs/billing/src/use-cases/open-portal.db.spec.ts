import type { Actor } from '#platform';
import { BILLING_CONCERNS, BillingModule } from '#billing';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import { EnsureCustomer } from './ensure-customer.js';
import { OpenPortal } from './open-portal.js';

describe('the portal (S2-13)', () => {
  let room: BillingRoom;
  let owner: Actor;
  beforeAll(async () => {
    room = await billingRoom(ApplyEvents, {}, { concerns: BILLING_CONCERNS, imports: [BillingModule] });
    owner = await room.owner();
    await room.app.get(EnsureCustomer, { strict: false }).execute(owner);
  }, 60_000);
  afterAll(() => room?.close());

  const open = (app = room.app) => app.get(OpenPortal, { strict: false }).execute(owner, {});
  const all = () => room.pay.stripe.billingPortal.configurations;
  const active = async () => (await all().list({ active: true, limit: 100 })).data;
  /** By which configuration the page at `url` was opened. */
  const configurationOf = (url: string) =>
    all().retrieve(
      room.pay.local.books.store.all('billing_portal.session').find((one) => one.url === url)!
        .configuration as string,
    );

  it('lets nobody change plan or seats there, and cancel at the end of the period alone', async () => {
    const { url } = await open();
    const { features, metadata } = await configurationOf(url);
    expect(features.subscription_update.enabled).toBe(false);
    expect(features.subscription_cancel).toMatchObject({ enabled: true, mode: 'at_period_end' });
    expect(features.customer_update.allowed_updates.sort()).toEqual(['address', 'email', 'name', 'tax_id']);
    expect([features.payment_method_update.enabled, features.invoice_history.enabled]).toEqual([true, true]);
    expect(metadata).toHaveProperty('gatehouse_portal');
  });

  it('is opened by one configuration, in any number of processes', async () => {
    await Promise.all([open(), open(await room.another())]);
    expect(await active()).toHaveLength(1);
  });

  it('goes on by another once that was deactivated, as often as it is on one day', async () => {
    for (let round = 0; round < 2; round++) {
      const [there] = await active();
      await all().update(there!.id, { active: false });
      const { url } = await open();
      const by = await configurationOf(url);
      expect([by.active, by.id === there!.id]).toEqual([true, false]);
      expect(await active()).toHaveLength(1);
    }
  });
});
