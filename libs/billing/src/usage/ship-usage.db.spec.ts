import { metricsText } from '#platform';
import { growth, Metrics } from '../../../../test/support/metrics.js';
import { DOUBT } from '../persistence/usage-shipments.js';
import { RequeueUsesInput } from '../use-cases/manage-uses.js';
import { type Buyer, OPERATOR as operator, shippingWorld, type ShippingWorld } from '../testing/shippers.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PATIENCE_MS = 60_000;

describe('what was used, on its way to Stripe', () => {
  let world: ShippingWorld;
  beforeAll(async () => void (world = await shippingWorld()));
  afterAll(() => world.close());
  afterEach(() => world.stripe.local.faults.clear());

  /** Every worker takes batches until nothing is left for it. */
  const work = (workers: number, timeoutMs?: number) =>
    Promise.all(
      Array.from({ length: workers }, async () => {
        const { ship } = world.shipper(timeoutMs);
        while (await ship.execute());
      }),
    );
  const states = async (buyer: Buyer) => (await world.rows(buyer)).map((one) => one.status);
  const fault = (kind: 'timeout_after_apply' | 'hang' | 'close' | 'status', times = 1, more = {}) =>
    world.stripe.local.faults.add({ match: { path: '/v1/billing/meter_events' }, kind, times, ...more });

  /** A day later Stripe has forgotten the identifiers; both uses were counted, and none is sent again. */
  const isFoundADayLater = async (buyer: Buyer) => {
    world.clock.advance(25 * HOUR);
    await world.hasten();
    await work(2);
    expect(await world.rows(buyer)).toMatchObject([
      { status: 'shipped', attempts: 1 },
      { status: 'shipped', attempts: 1 },
    ]);
  };

  it('is recorded once for each key, and counted once, whoever ships at the same time', async () => {
    const buyer = await world.buyer();
    for (let n = 0; n < 120; n++) await world.record(buyer, 1 + (n % 7));
    await world.record(buyer, 5, { key: 'same' });
    await world.record(buyer, 5, { key: 'same' });
    // However busy the machine is, no answer is given up.
    await Promise.all([work(3, PATIENCE_MS), work(3, PATIENCE_MS)]);
    const rows = await world.rows(buyer);
    expect(rows).toHaveLength(121);
    expect(new Set(rows.map((one) => `${one.status} ${one.attempts}`))).toEqual(new Set(['shipped 1']));
    expect(await world.counted(buyer)).toBe(rows.reduce((sum, one) => sum + one.amount, 0));
    await world.hasten();
    await work(2);
    expect(await world.counted(buyer)).toBe(rows.reduce((sum, one) => sum + one.amount, 0));
  });

  it('is counted once, though the answer was lost after Stripe had counted it, or Stripe failed', async () => {
    const buyer = await world.buyer();
    for (let n = 0; n < 6; n++) await world.record(buyer, 10 ** n);
    fault('timeout_after_apply', 2);
    fault('status', 1, { kept: true });
    fault('hang');
    await work(1);
    expect((await states(buyer)).filter((one) => one === 'unknown')).toHaveLength(4);
    world.clock.advance(10_000);
    await world.hasten();
    await work(2);
    expect(await states(buyer)).toEqual(Array(6).fill('shipped'));
    expect(await world.counted(buyer)).toBe(111_111);
  });

  it('is counted once, though the worker was killed between sending it and marking it', async () => {
    const buyer = await world.buyer();
    await world.record(buyer, 7);
    await world.record(buyer, 70);
    const taken = await world.shipments.take(10, 1_000);
    expect(taken).toHaveLength(2);
    // One died after Stripe had it, one before.
    for (const use of taken) await world.shipments.send(use, use.usedAt, world.clock.now());
    await world.stripe.stripe.billing.meterEvents.create(
      {
        event_name: world.meterName,
        identifier: taken[0]!.id,
        timestamp: Math.floor(taken[0]!.usedAt.getTime() / 1_000),
        payload: { stripe_customer_id: buyer.customerId, value: String(taken[0]!.amount) },
      },
      { idempotencyKey: taken[0]!.id },
    );
    await work(1);
    expect(await states(buyer)).toEqual(['unknown', 'unknown']);
    await world.hasten();
    await work(3);
    expect(await states(buyer)).toEqual(['shipped', 'shipped']);
    expect(await world.counted(buyer)).toBe(77);
  });

  it.each([
    [
      'is not sent again when Stripe has counted it',
      ['timeout_after_apply', 'timeout_after_apply'],
      'shipped',
      30,
    ],
    ['is sent again when Stripe has counted nothing of it', ['hang', 'hang'], 'shipped', 30],
    ['is for operators when nobody can tell', ['timeout_after_apply', 'hang'], 'parked', 10],
  ] as const)('after a day: %s', async (_, kinds, status, counted) => {
    const buyer = await world.buyer();
    await world.record(buyer, 10);
    fault(kinds[0]);
    await work(1);
    await world.record(buyer, 20);
    fault(kinds[1]);
    await work(1);
    expect(await states(buyer)).toEqual(['unknown', 'unknown']);
    world.clock.advance(25 * HOUR);
    await world.hasten();
    await work(1);
    await world.hasten();
    await work(2);
    expect(await states(buyer)).toEqual([status, status]);
    expect(await world.counted(buyer)).toBe(counted);
  });

  it('is sent a day later to a Stripe that has forgotten the identifier only if it was never counted', async () => {
    const buyer = await world.buyer();
    await world.record(buyer, 10);
    await work(1);
    await world.record(buyer, 20);
    fault('timeout_after_apply');
    await work(1);
    await isFoundADayLater(buyer);
    expect(await world.counted(buyer)).toBe(30);
  });

  it('is compared only once Stripe’s sum has what was shipped of its minute meanwhile', async () => {
    const buyer = await world.buyer();
    await world.record(buyer, 1);
    fault('timeout_after_apply');
    await work(1);
    await world.holdBack();
    const usedAt = world.clock.now();
    world.clock.advance(25 * HOUR);
    // Of the same minute, though it comes a day later.
    await world.record(buyer, 1, { usedAt });
    await work(1);
    expect(await states(buyer)).toEqual(['unknown', 'shipped']);
    await world.hasten();
    await work(1);
    expect(await world.rows(buyer)).toMatchObject([{ status: 'unknown', failure: 'NOT_YET' }, {}]);
    world.clock.advance(HOUR + 1);
    await world.hasten();
    await work(1);
    expect(await states(buyer)).toEqual(['shipped', 'shipped']);
    expect(await world.counted(buyer)).toBe(2);
  });

  it('is not set against what was counted for a customer before', async () => {
    const buyer = await world.buyer();
    await world.record(buyer, 5);
    await work(1);
    const next = { ...buyer, customerId: (await world.stripe.stripe.customers.create({})).id };
    await world.becomesCustomer(next);
    await world.record(next, 5);
    fault('timeout_after_apply');
    await work(1);
    await isFoundADayLater(buyer);
    expect([await world.counted(buyer), await world.counted(next)]).toEqual([5, 5]);
  });

  it('waits for a customer, and for operators when Stripe takes it no more', async () => {
    const buyer = await world.buyer({ isCustomer: false });
    await world.record(buyer, 3);
    await world.record(buyer, 4, { usedAt: new Date(world.clock.now().getTime() - 36 * DAY) });
    await work(1);
    expect(await world.rows(buyer)).toMatchObject([
      { amount: 4, status: 'parked', failure: 'TOO_OLD', attempts: 0 },
      { amount: 3, status: 'waiting', failure: 'NO_CUSTOMER', attempts: 0 },
    ]);
    await work(1);
    expect(await states(buyer)).toEqual(['parked', 'waiting']);
    await world.becomesCustomer(buyer);
    await world.hasten();
    await work(1);
    expect(await states(buyer)).toEqual(['parked', 'shipped']);
    expect(await world.counted(buyer)).toBe(3);
  });

  it('stands behind nobody who has no customer, however many uses they have', async () => {
    const [nobody, buyer] = [await world.buyer({ isCustomer: false }), await world.buyer()];
    for (let n = 0; n < 50; n++) await world.record(nobody, 1);
    await world.record(buyer, 2);
    const { ship } = world.shipper();
    await ship.execute();
    expect(await states(buyer)).toEqual(['shipped']);
    expect((await world.usage.months(nobody.actor, null, 10)).rows).toMatchObject([
      { recorded: 50, waiting: 50 },
    ]);
  });

  it('is settled at once under a contract, by a name of its own, and waits for a customer once that is over', async () => {
    const buyer = await world.buyer({ isCustomer: false });
    const now = world.clock.now().getTime();
    await world.agree(buyer, new Date(now));
    await world.record(buyer, 5, { usedAt: new Date(now - 36 * DAY) });
    await world.record(buyer, 3, { usedAt: new Date(now - DAY) });
    await world.record(buyer, 4);
    const settled: [string, Record<string, string>] = [
      'billing_uses_settled_total',
      { outcome: 'by_contract' },
    ];
    expect(await growth(metricsText, [settled], () => work(1))).toEqual([2]);
    expect(await world.rows(buyer)).toMatchObject([
      { amount: 5, status: 'by_contract', failure: null, attempts: 0 },
      { amount: 3, status: 'by_contract', failure: null, attempts: 0 },
      { amount: 4, status: 'waiting', failure: 'NO_CUSTOMER', attempts: 0 },
    ]);
    // A customer that they become later is billed for none of it.
    await world.becomesCustomer(buyer);
    await world.hasten();
    await work(1);
    expect(await world.counted(buyer)).toBe(4);
    const { rows } = await world.usage.months(buyer.actor, null, 10);
    expect(rows.map(({ recorded, shipped, byContract }) => recorded - shipped - byContract)).toEqual(
      rows.map(() => 0),
    );
    expect(rows.reduce((sum, one) => sum + one.byContract, 0)).toBe(8);
  });

  it('under a contract of a customer goes to Stripe where a subscription beside it bills it, and nowhere else', async () => {
    const [both, former] = [await world.buyer(), await world.buyer()];
    const now = Math.floor(world.clock.now().getTime() / 1_000);
    const period = { created: now - 60, periodStart: now - 60, periodEnd: now + 86_400 };
    await world.subscribes(both, period);
    await world.subscribes(former, { ...period, status: 'canceled' });
    for (const buyer of [both, former]) {
      await world.agree(buyer, new Date(world.clock.now().getTime() + DAY));
      await world.record(buyer, 6);
    }
    await work(1);
    expect([await states(both), await world.counted(both)]).toEqual([['shipped'], 6]);
    expect([await states(former), await world.counted(former)]).toEqual([['by_contract'], 0]);
  });

  it('shows in /metrics for how long the oldest one has been on its way, of those that have a customer', async () => {
    await world.hasten();
    await work(1);
    const [nobody, buyer] = [await world.buyer({ isCustomer: false }), await world.buyer()];
    const { loop } = world.shipper();
    const oldest = async () => {
      world.clock.advance(60_000);
      await loop.turn();
      return new Metrics(await metricsText()).valueOf('billing_uses_oldest_seconds');
    };
    await world.record(nobody, 1);
    await loop.turn();
    expect(await oldest()).toBe(0);
    await world.record(buyer, 1);
    await world.holdBack();
    expect(await oldest()).toBe(60);
    await world.hasten();
    expect(await oldest()).toBe(120);
    expect(await oldest()).toBe(0);
  });

  it('is not billed where Stripe finds out afterwards that it cannot count it', async () => {
    const buyer = await world.buyer();
    await world.stripe.stripe.customers.del(buyer.customerId);
    await world.record(buyer, 3);
    const { ship, hear } = world.shipper();
    await ship.execute();
    expect(await states(buyer)).toEqual(['shipped']);
    const thin = world.stripe.local.books.store.all('v2.core.event').at(-1)!;
    const payload = JSON.stringify({ id: thin.id, object: 'v2.core.event', type: thin.type });
    await hear.execute(payload);
    await hear.execute(payload);
    expect(await world.rows(buyer)).toMatchObject([
      { status: 'failed', failure: 'meter_event_customer_not_found' },
    ]);
    expect((await world.usage.months(buyer.actor, null, 10)).rows).toMatchObject([
      { meter: 'commands', recorded: 3, shipped: 0, waiting: 0, failed: 3 },
    ]);
  });

  it('is for operators, every one, where Stripe reports that it counts nothing of many and names a few', async () => {
    const { stripe, local } = world.stripe;
    const [before, buyer] = [await world.buyer(), await world.buyer()];
    await world.record(before, 1);
    await work(1);
    world.clock.advance(HOUR);
    await stripe.billing.meters.deactivate(world.meterId);
    local.books.settings.errors_per_report = 20;
    for (let n = 0; n < 20; n++) await world.record(buyer, 1);
    await work(1);
    expect(await states(buyer)).toEqual(Array(20).fill('shipped'));
    const thin = local.books.store.all('v2.core.event').at(-1)!;
    expect(thin).toMatchObject({
      data: { reason: { error_count: 20, error_types: [{ sample_errors: Array(3).fill({}) }] } },
    });
    const { hear, manage } = world.shipper();
    const payload = JSON.stringify({ id: thin.id, object: 'v2.core.event', type: thin.type });
    const told = async () =>
      Object.groupBy(await world.rows(buyer), ({ status, failure }) => `${status} ${failure}`);
    const outcomes = ['failed', 'parked'].map((outcome): [string, Record<string, string>] => [
      'billing_uses_settled_total',
      { outcome },
    ]);
    // Heard twice, it changes nothing more.
    expect(
      await growth(metricsText, outcomes, async () => {
        await hear.execute(payload);
        await hear.execute(payload);
      }),
    ).toEqual([3, 17]);
    expect(await told()).toEqual({
      'failed archived_meter': Array(3).fill(expect.anything()),
      'parked UNCLEAR REPORT archived_meter': Array(17).fill(expect.anything()),
    });
    expect(await states(before)).toEqual(['shipped']);

    await stripe.billing.meters.reactivate(world.meterId);
    local.books.settings.errors_per_report = 1;
    world.clock.advance(2 * HOUR);
    const input = RequeueUsesInput.parse({ filter: { tenantId: buyer.tenantId } });
    expect(await manage.requeue(operator, input)).toMatchObject({ requeued: 20, left: [] });
    await work(1);
    expect([await states(buyer), await world.counted(buyer)]).toEqual([Array(20).fill('shipped'), 20]);
    const rows = await world.rows(buyer);
    const known = local.books.store.all('usage').map((one) => one.id);
    expect(known).toEqual(expect.arrayContaining(rows.map((one) => `${one.id}.1`)));
    // A report of before says nothing of what was sent since.
    await hear.execute(payload);
    expect(await states(buyer)).toEqual(Array(20).fill('shipped'));
  });

  describe('that waits over the end of a period, because Stripe is away', () => {
    const seconds = (at: number | Date) => Math.floor(new Date(at).getTime() / 1_000);
    /** A month ends in an hour, by what was known of it before. */
    const subscribes = (buyer: Buyer, trialEnd?: number) => {
      const now = world.clock.now().getTime();
      return world.subscribes(buyer, {
        // Somebody has cancelled it for later.
        ...{ created: seconds(now - 60 * DAY), periodStart: seconds(now - 29 * DAY), endedAt: seconds(now) },
        ...{ periodEnd: seconds(now + HOUR), ...(trialEnd === undefined ? {} : { trialEnd }) },
      });
    };
    /** Stripe cannot be reached for so long. */
    const isAway = async (ms: number) => {
      fault('status', 100, { status: 429 });
      await work(1);
      world.stripe.local.faults.clear();
      world.clock.advance(ms);
      await world.hasten();
    };
    const timesOf = async (buyer: Buyer) => {
      const { store } = world.stripe.local.books;
      const [row] = await world.rows(buyer);
      return [seconds(row!.usedAt), store.get('usage', row!.id)!.timestamp];
    };

    it('is of the time at which it is told first: of the period before Stripe bills nothing any more', async () => {
      const buyer = await world.buyer();
      await subscribes(buyer);
      await world.record(buyer, 5);
      await isAway(2 * HOUR);
      const told = seconds(world.clock.now());
      // From now on it has that time: what became of it is found by the minute.
      fault('timeout_after_apply');
      await work(1);
      expect(await states(buyer)).toEqual(['unknown']);
      world.clock.advance(25 * HOUR);
      await world.hasten();
      await work(2);
      expect([await states(buyer), await timesOf(buyer)]).toEqual([['shipped'], [told, told]]);
      expect(await world.counted(buyer)).toBe(5);
    });

    it('keeps its time where Stripe still bills that', async () => {
      const [soon, sent] = [await world.buyer(), await world.buyer()];
      for (const buyer of [soon, sent]) await subscribes(buyer);
      const usedAt = seconds(world.clock.now());
      await world.record(sent, 7);
      fault('timeout_after_apply');
      await work(1);
      await world.record(soon, 5);
      await isAway(HOUR + HOUR / 4);
      await work(1);
      for (const buyer of [soon, sent]) expect(await timesOf(buyer)).toEqual([usedAt, usedAt]);
      expect([await world.counted(soon), await world.counted(sent)]).toEqual([5, 7]);
    });

    it.each([
      ['keeps it when Stripe turns out to have counted it, though nobody heard', 'timeout_after_apply', 0],
      ['has a new one once Stripe turns out never to have counted it', 'hang', 27 * HOUR],
    ] as const)('%s', async (_, kind, late) => {
      const buyer = await world.buyer();
      await subscribes(buyer);
      const usedAt = world.clock.now().getTime();
      await world.record(buyer, 7);
      fault(kind);
      await work(1);
      world.clock.advance(2 * HOUR);
      await world.hasten();
      await work(1);
      // It is not sent into the period that is over.
      expect(await world.rows(buyer)).toMatchObject([{ status: 'unknown', attempts: 1 }]);
      world.clock.advance(25 * HOUR);
      await world.hasten();
      await work(1);
      await world.hasten();
      await work(1);
      const at = seconds(usedAt + late);
      expect([await states(buyer), await timesOf(buyer)]).toEqual([['shipped'], [at, at]]);
      expect(await world.counted(buyer)).toBe(7);
    });

    it('keeps it where it was free: in a trial, or before anything was bought', async () => {
      const [trial, early] = [await world.buyer(), await world.buyer()];
      const usedAt = seconds(world.clock.now());
      const end = usedAt + 3_600;
      await subscribes(trial, end);
      await world.subscribes(early, { created: end, periodStart: end, periodEnd: end + 30 * 86_400 });
      for (const buyer of [trial, early]) await world.record(buyer, 3);
      await isAway(2 * HOUR);
      await work(1);
      for (const buyer of [trial, early]) expect(await timesOf(buyer)).toEqual([usedAt, usedAt]);
    });
  });

  it('is found by meter and time of its answer, however long the ledger is', async () => {
    expect(await world.planOf(DOUBT)).toContain('usage_ledger_by_answer');
  });

  it('is found by what Stripe calls it, however long the ledger is', async () => {
    const plan = await world.planOf(
      `update billing.usage_ledger set failure = 'x' where id = any ('{use_1}')`,
    );
    expect(plan).toContain('usage_ledger_by_id');
  });

  it('is left alone while Stripe cannot be asked, and counts no attempt then', async () => {
    const buyer = await world.buyer();
    for (let n = 0; n < 12; n++) await world.record(buyer, 1);
    fault('close', 100);
    const { ship } = world.shipper();
    await ship.execute();
    // Five failures in a row close the gate: the others were never sent.
    expect((await states(buyer)).filter((one) => one === 'waiting').length).toBeGreaterThanOrEqual(4);
    world.stripe.local.faults.clear();
    await world.hasten();
    await work(1);
    expect(await world.counted(buyer)).toBe(12);
  });

  it('shows in /metrics what became of uses', async () => {
    const buyer = await world.buyer();
    const settled = (outcome: string): [string, Record<string, string>] => [
      'billing_uses_settled_total',
      { outcome },
    ];
    const counted = ['shipped', 'failed', 'parked'].map(settled);
    await world.record(buyer, 1);
    await world.record(buyer, 2);
    expect(await growth(metricsText, counted, () => work(2))).toEqual([2, 0, 0]);
    await world.record(buyer, 4);
    fault('status', 1, { status: 400 });
    expect(await growth(metricsText, counted, () => work(2))).toEqual([0, 1, 0]);
    await world.record(buyer, 8, { usedAt: new Date(world.clock.now().getTime() - 36 * DAY) });
    expect(await growth(metricsText, counted, () => work(2))).toEqual([0, 0, 1]);
    // Sent again after its answer was lost.
    await world.record(buyer, 16);
    fault('timeout_after_apply');
    await work(1);
    await world.hasten();
    const again: [string, Record<string, string>] = [
      'stripe_retries_total',
      { verb: 'ship_usage', how: 'again' },
    ];
    expect(await growth(metricsText, [again, settled('shipped')], () => work(1))).toEqual([1, 1]);
  });
});
