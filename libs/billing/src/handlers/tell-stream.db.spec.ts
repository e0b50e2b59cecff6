import { type DeliveredEvent, newId } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import type { SubscriptionChanged } from '../events/index.js';
import { TellStream } from './tell-stream.js';

let world: BillingRoom;
let handler: TellStream;

beforeAll(async () => {
  world = await billingRoom(ApplyEvents);
  handler = world.app.get(TellStream, { strict: false });
});
afterAll(() => world?.close());

/** What Stripe has told since. */
async function follow(): Promise<void> {
  await world.deliver();
  await world.apply();
}

async function bought() {
  const tenantId = await world.tenant();
  const subscription = await world.subscribe((await world.customer(tenantId)).id);
  await follow();
  return { tenantId, subscription };
}

/** As the bus brings it: whatever it says, the handler looks for itself. */
const told = (tenantId: string, id = newId('evt')) =>
  handler.handle({
    ...{ id, name: 'billing.subscription.changed', version: 1, tenantId, traceId: 'trace', payload: {} },
  } as unknown as DeliveredEvent<typeof SubscriptionChanged>);

const streamOf = (tenantId: string) =>
  world.system.query<{ kind: string; data: Record<string, unknown> }>(
    'select kind, data from billing.stream_events where tenant_id = $1 order by position',
    [tenantId],
  );

const changesOf = async (tenantId: string) =>
  (await world.told(tenantId))
    .filter((one) => one.name === 'billing.subscription.changed')
    .map((one) => one.payload.revision);

describe('what the stream tells of a subscription (S2-33)', () => {
  it('is how it stands, once: one that comes late tells nothing again', async () => {
    const { tenantId, subscription } = await bought();
    await world.pay.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
    await follow();
    expect(await changesOf(tenantId)).toEqual([1, 2]);

    const [second, first] = [newId('evt'), newId('evt')];
    await told(tenantId, second);
    await told(tenantId, first);
    await told(tenantId, second);
    expect(await streamOf(tenantId)).toEqual([
      {
        kind: 'subscription.changed',
        data: expect.objectContaining({ state: 'ending', plan: 'TEAM', revision: 2 }),
      },
    ]);

    await world.pay.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
    await follow();
    await told(tenantId);
    expect((await streamOf(tenantId)).map((one) => [one.data.state, one.data.revision])).toEqual([
      ['ending', 2],
      ['active', 3],
    ]);
  });

  it('is a discount, too, that is given and taken away', async () => {
    const { tenantId, subscription } = await bought();
    const { coupons, subscriptions } = world.pay.stripe;
    const coupon = await coupons.create({ name: 'LAUNCH', percent_off: 20, duration: 'forever' });
    for (const discounts of [[{ coupon: coupon.id }], '' as const]) {
      await subscriptions.update(subscription.id, { discounts });
      await follow();
      await told(tenantId);
      // Of which nothing changes for anybody.
      await subscriptions.update(subscription.id, { description: 'the same' });
      await follow();
    }
    expect(await changesOf(tenantId)).toEqual([1, 2, 3]);
    expect((await streamOf(tenantId)).map((one) => [one.data.revision, one.data.discount])).toEqual([
      [2, { name: 'LAUNCH', percent_off: 20, amount_off: null, ends_at: null }],
      [3, null],
    ]);
  });
});
