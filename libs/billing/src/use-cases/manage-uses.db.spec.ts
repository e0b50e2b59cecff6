import { type Buyer, OPERATOR as operator, shippingWorld, type ShippingWorld } from '../testing/shippers.js';
import { RequeueUsesInput, StuckUsesInput, WriteOffUsesInput } from './manage-uses.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('uses that are stuck, for operators', () => {
  let world: ShippingWorld;
  beforeAll(async () => void (world = await shippingWorld()));
  afterAll(() => world.close());
  afterEach(() => world.stripe.local.faults.clear());

  /** Of what fits, by this worker's and operator's processes alike. */
  const manage = () => world.shipper().manage;
  const requeue = (filter: object, isNeverCounted = false, by = manage()) =>
    by.requeue(operator, RequeueUsesInput.parse({ filter, isNeverCounted }));
  const stuck = async ({ tenantId }: Buyer) =>
    (await manage().page(operator, StuckUsesInput.parse({ filter: { tenantId } }))).data;
  const work = async () => {
    await world.hasten();
    const { ship } = world.shipper();
    while (await ship.execute());
  };
  const states = async (buyer: Buyer) => (await world.rows(buyer)).map((one) => one.status);
  const fault = (kind: 'timeout_after_apply' | 'hang' | 'close' | 'status', status = 400, times = 1) =>
    world.stripe.local.faults.add({
      match: { path: '/v1/billing/**' },
      kind,
      times,
      status,
      code: 'parameter_invalid',
      type: 'invalid_request_error',
    });

  /** One whose answer was lost, and who was refused when it was tried again: nobody knows. */
  async function parked(buyer: Buyer, kind: 'timeout_after_apply' | 'hang', amount: number): Promise<void> {
    await world.record(buyer, amount);
    fault(kind);
    await work();
    fault('status');
    await work();
    expect((await world.rows(buyer)).at(-1)).toMatchObject({
      ...{ amount, status: 'parked', failure: 'UNCLEAR 400 parameter_invalid' },
    });
  }

  it('are sent again under another identifier when Stripe had said that it counts nothing, by two at once only once', async () => {
    const buyer = await world.buyer();
    await world.stripe.stripe.customers.del(buyer.customerId);
    await world.record(buyer, 3);
    await work();
    const thin = world.stripe.local.books.store.all('v2.core.event').at(-1)!;
    const report = JSON.stringify({ id: thin.id, object: 'v2.core.event', type: thin.type });
    await world.shipper().hear.execute(report);
    expect(await stuck(buyer)).toMatchObject([
      { tenantId: buyer.tenantId, amount: 3, status: 'failed', failure: 'meter_event_customer_not_found' },
    ]);

    const next = { ...buyer, customerId: (await world.stripe.stripe.customers.create({})).id };
    await world.becomesCustomer(next);
    const both = await Promise.all([1, 2].map(() => requeue({ tenantId: buyer.tenantId })));
    expect(both.reduce((sum, one) => sum + one.requeued, 0)).toBe(1);
    await work();
    expect([await states(buyer), await world.counted(next)]).toEqual([['shipped'], 3]);
    // What was reported of the first identifier says nothing of the second, however often it is told.
    await world.shipper().hear.execute(report);
    expect(await states(buyer)).toEqual(['shipped']);
    expect(await stuck(buyer)).toEqual([]);
    expect((await world.told(buyer))[0]).toMatchObject({
      ...{ name: 'billing.uses.decided', payload: { decision: 'requeued', meters: ['commands'], amount: 3 } },
    });
    expect((await world.operatorLog()).at(-1)).toMatchObject({
      ...{ operator: 'ops', reason: 'because of a ticket', action: 'BILLED_USES_DECIDED' },
      details: { decision: 'requeued', uses: [expect.stringMatching(/^use_/)] },
    });
  });

  it('are never sent blind: Stripe is asked whether it has counted them, once its sum has them', async () => {
    const [has, hasNot] = [await world.buyer(), await world.buyer()];
    await parked(has, 'timeout_after_apply', 10);
    await parked(hasNot, 'hang', 20);
    for (const { tenantId } of [has, hasNot])
      expect(await requeue({ tenantId })).toMatchObject({ requeued: 0, left: [{ why: 'NOT_YET' }] });
    world.clock.advance(2 * HOUR);
    expect(await requeue({ tenantId: has.tenantId })).toMatchObject({ requeued: 0, counted: 1, left: [] });
    expect(await requeue({ tenantId: hasNot.tenantId })).toMatchObject({ requeued: 1, counted: 0, left: [] });
    await work();
    expect([await states(has), await states(hasNot)]).toEqual([['shipped'], ['shipped']]);
    expect([await world.counted(has), await world.counted(hasNot)]).toEqual([10, 20]);
  });

  it('are left alone where its sum does not tell, until the operator says what it has', async () => {
    const buyer = await world.buyer();
    await parked(buyer, 'timeout_after_apply', 10);
    await parked(buyer, 'hang', 20);
    await parked(buyer, 'hang', 40);
    world.clock.advance(2 * HOUR);
    const [first, second] = await stuck(buyer);
    expect((await requeue({ tenantId: buyer.tenantId })).left).toEqual(
      [first!, second!, (await stuck(buyer))[2]!].map(({ id }) => ({ id, why: 'UNCLEAR' })),
    );
    await work();
    expect(await world.counted(buyer)).toBe(10);

    expect(await requeue({ id: second!.id }, true)).toMatchObject({ requeued: 1, left: [] });
    await manage().counted(operator, { id: first!.id });
    await work();
    // Of the last one its minute tells now, after a while.
    expect((await requeue({ tenantId: buyer.tenantId })).left).toMatchObject([{ why: 'NOT_YET' }]);
    world.clock.advance(2 * HOUR);
    expect(await requeue({ tenantId: buyer.tenantId })).toMatchObject({ requeued: 1, left: [] });
    await work();
    expect([await states(buyer), await world.counted(buyer)]).toEqual([Array(3).fill('shipped'), 70]);
    expect((await world.told(buyer)).map((one) => one.payload.decision)).toEqual([
      ...['requeued', 'counted', 'requeued'],
    ]);
  });

  it('are written off, and what Stripe takes no more cannot be sent', async () => {
    const buyer = await world.buyer();
    await world.record(buyer, 4, { usedAt: new Date(world.clock.now().getTime() - 36 * DAY) });
    await work();
    const [use] = await stuck(buyer);
    expect((await requeue({ id: use!.id }, true)).left).toEqual([{ id: use!.id, why: 'TOO_OLD' }]);
    const input = WriteOffUsesInput.parse({ filter: { tenantId: buyer.tenantId, failure: 'TOO_' } });
    expect(await manage().writeOff(operator, input)).toMatchObject({ writtenOff: 1 });
    expect(await manage().writeOff(operator, input)).toMatchObject({ writtenOff: 0 });
    expect(await stuck(buyer)).toEqual([]);
    expect((await world.usage.months(buyer.actor, null, 10)).rows).toMatchObject([
      { recorded: 4, shipped: 0, waiting: 0, failed: 0, writtenOff: 4 },
    ]);
    expect(await world.told(buyer)).toMatchObject([{ payload: { decision: 'written_off', amount: 4 } }]);
  });

  it('stay as they are while Stripe cannot be asked, and nothing is told', async () => {
    const buyer = await world.buyer();
    await parked(buyer, 'hang', 5);
    world.clock.advance(2 * HOUR);
    fault('close', 500, 100);
    await expect(requeue({ tenantId: buyer.tenantId })).rejects.toMatchObject({
      code: 'BILLING_UNAVAILABLE',
    });
    expect([await states(buyer), await world.told(buyer)]).toEqual([['parked'], []]);
  });

  it('are chosen by somebody who may, and who says which', async () => {
    expect(RequeueUsesInput.safeParse({ filter: {} }).success).toBe(false);
    expect(WriteOffUsesInput.safeParse({ filter: {} }).success).toBe(false);
    const { actor } = await world.buyer();
    await expect(manage().page(actor, StuckUsesInput.parse({ filter: {} }))).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
    });
    await expect(manage().counted(operator, { id: 'use_none' })).rejects.toMatchObject({ kind: 'not_found' });
  });
});
