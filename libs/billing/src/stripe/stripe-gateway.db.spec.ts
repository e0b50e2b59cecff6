import type { INestApplicationContext } from '@nestjs/common';
import type Stripe from 'stripe';
import { Actor, Db, DomainError, ManualClock, metricsText, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { growth, Metrics } from '../../../../test/support/metrics.js';
import { type JourneyStripe, startStripe } from '../../../../test/support/stripe.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { gatewayTo } from '../testing/gateways.js';
import type { Write } from './stripe-gateway.js';

const HOUR_MS = 3_600_000;
/** Of a call that hangs; the others answer within a few. */
const TIMEOUT_MS = 3_000;

describe('the gateway to Stripe (S2-31)', () => {
  const clock = new ManualClock(new Date());
  let database: TestDatabase;
  let app: INestApplicationContext;
  let stripe: JourneyStripe;
  let db: Db;
  let actor: Actor;

  beforeAll(async () => {
    [database, stripe] = await Promise.all([testDatabase(), startStripe()]);
    app = await databaseApp(database);
    db = app.get(Db);
  });
  afterAll(async () => {
    await app?.close();
    await stripe?.stop();
    await database?.drop();
  });
  beforeEach(() => {
    stripe.local.faults.clear();
    actor = Actor.system(newId('ten'), 'trace');
  });

  /** A process of the product. */
  const process = () => gatewayTo(stripe, app, clock, TIMEOUT_MS);

  const customer = (name = 'Acme'): Write<Stripe.Customer, { name: string }> => ({
    verb: 'create_customer',
    params: { name },
    make: (sdk, params, marks, options) =>
      sdk.customers.create({ name: params.name, metadata: { ...marks } }, options),
    find: async (sdk, _, marks) => {
      const found = await sdk.customers.list({ limit: 100 });
      return found.data.find((one) => one.metadata.gatehouse_write === marks.gatehouse_write) ?? null;
    },
  });
  const made = async () => {
    const all = await stripe.stripe.customers.list({ limit: 100 });
    return all.data.filter((one) => one.metadata.tenant_id === actor.tenantId).map((one) => one.id);
  };
  const rows = () =>
    db.read<{ outcome: string | null; failure: string | null; result_id: string | null }>(
      actor,
      'select outcome, failure, result_id from billing.stripe_writes where tenant_id = $1 order by begun_at, id',
      [actor.tenantId],
    );
  const fault = (kind: 'timeout_after_apply' | 'close_after_apply' | 'status' | 'hang', more = {}) =>
    stripe.local.faults.add({ match: { method: 'POST', path: '/v1/customers' }, kind, ...more });

  it('writes once for twenty who have begun it at once, in two processes', async () => {
    const writes = new StripeWrites(db, clock);
    const begun = await Promise.all(Array.from({ length: 20 }, () => writes.begin(actor, customer())));
    const processes = [process(), process()];
    const ended = await Promise.allSettled(
      begun.map((one, i) => processes[i % 2]!.write(actor, customer(), one)),
    );
    // Stripe refuses the second process while it is busy with the first one's call.
    for (const one of ended)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'BILLING_BUSY' });
    const all = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(await made()).toEqual([all[0]!.id]);
    expect(await rows()).toEqual([{ outcome: 'done', failure: null, result_id: all[0]!.id }]);
  });

  it.each(['timeout_after_apply', 'close_after_apply'] as const)(
    'finds out what became of a write after %s, also in another process',
    async (kind) => {
      // The library tries a closed connection once more, under our key.
      fault(kind, kind === 'close_after_apply' ? { times: 2 } : {});
      await expect(process().write(actor, customer())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
      expect(await rows()).toMatchObject([{ outcome: null }]);
      const again = await process().write(actor, customer());
      expect(await made()).toEqual([again.id]);
      expect(await rows()).toMatchObject([{ outcome: 'done', result_id: again.id }]);
    },
  );

  it('looks a write up by its marks when Stripe has forgotten the key', async () => {
    fault('timeout_after_apply');
    await expect(process().write(actor, customer())).rejects.toThrow();
    clock.advance(25 * HOUR_MS);
    stripe.advance(25 * 3_600);
    const found = await process().write(actor, customer());
    expect(await made()).toEqual([found.id]);
    clock.advance(-25 * HOUR_MS);
  });

  it('asks anew under another key after a fault that Stripe keeps', async () => {
    fault('status', { kept: true });
    await expect(process().write(actor, customer())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    const again = await process().write(actor, customer());
    expect(await made()).toEqual([again.id]);
    expect((await rows()).map((one) => one.outcome)).toEqual(['lost', 'done']);
  });

  it('leaves a write of unknown outcome as it is while nobody asks Stripe, which made two customers of one', async () => {
    const gateway = process();
    fault('timeout_after_apply');
    fault('status', { times: 4 * 3, status: 503, match: { method: 'GET', path: '/v1/customers/**' } });
    await expect(gateway.write(actor, customer())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    for (let failures = 1; failures < 5; failures++)
      await expect(gateway.read('look', (sdk) => sdk.customers.retrieve('cus_1'))).rejects.toThrow();
    const asked = stripe.local.faults.list().map((one) => one.struck);
    await expect(gateway.write(actor, customer())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(stripe.local.faults.list().map((one) => one.struck)).toEqual(asked);
    expect(await rows()).toMatchObject([{ outcome: null }]);
    clock.advance(10_000);
    const again = await gateway.write(actor, customer());
    expect(await made()).toEqual([again.id]);
    expect(await rows()).toMatchObject([{ outcome: 'done', result_id: again.id }]);
  });

  it.each([401, 403])('leaves it as it is after %i: the way in was closed', async (status) => {
    fault('timeout_after_apply');
    await expect(process().write(actor, customer())).rejects.toThrow();
    fault('status', { status });
    await expect(process().write(actor, customer())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await rows()).toMatchObject([{ outcome: null }]);
    const again = await process().write(actor, customer());
    expect(await made()).toEqual([again.id]);
  });

  it('looks a write up when its key stands for something else at Stripe, as after a new release', async () => {
    fault('timeout_after_apply');
    await expect(process().write(actor, customer())).rejects.toThrow();
    const other: ReturnType<typeof customer> = {
      ...customer(),
      make: (sdk, params, marks, options) =>
        sdk.customers.create({ ...params, description: 'new', metadata: { ...marks } }, options),
    };
    await expect(process().write(actor, other)).rejects.toMatchObject({ code: 'BILLING_BUSY' });
    expect(await rows()).toMatchObject([{ outcome: null }]);
    const again = await process().write(actor, other);
    expect(await made()).toEqual([again.id]);
    expect(await rows()).toMatchObject([{ outcome: 'done', result_id: again.id }]);
  });

  it('keeps a write open whose end cannot be written', async () => {
    const notNow = new DomainError('conflict', 'NOT_NOW', 'not now');
    const refusing = { ...customer(), done: () => Promise.reject(notNow) };
    await expect(process().write(actor, refusing)).rejects.toThrow('not now');
    expect(await rows()).toMatchObject([{ outcome: null }]);
    const again = await process().write(actor, customer());
    expect(await made()).toEqual([again.id]);
  });

  it('asks nothing inside a transaction, which would hold its locks for as long as Stripe takes', async () => {
    const gateway = process();
    const asked = stripe.local.api.asked.length;
    for (const work of [
      (): Promise<unknown> => gateway.write(actor, customer()),
      (): Promise<unknown> => gateway.read('look', (sdk) => sdk.customers.retrieve('cus_1')),
    ])
      await expect(db.transaction(actor, work)).rejects.toThrow('inside a transaction');
    expect(stripe.local.api.asked).toHaveLength(asked);
    expect(await made()).toEqual([]);
    expect((await gateway.write(actor, customer())).id).toBeTruthy();
  });

  it('asks for a read twice more, which is one failure to the gate, and for a write no more', async () => {
    const { id } = await stripe.stripe.customers.create({});
    const gateway = process();
    const look = () => gateway.read('look', (sdk) => sdk.customers.retrieve(id));
    const lose = (times: number) =>
      fault('status', { times, match: { method: 'GET', path: `/v1/customers/${id}` } });
    lose(2);
    expect((await look()).id).toBe(id);
    lose(4 * 3);
    for (let i = 0; i < 4; i++) await expect(look()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect((await look()).id).toBe(id);
    fault('status');
    const blind = gateway.writeUnder('use', false, (sdk) =>
      sdk.customers.create({ metadata: { tenant_id: actor.tenantId! } }),
    );
    await expect(blind).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await made()).toEqual([]);
  });

  it('tells a refusal from an outage, and keeps the first', async () => {
    fault('status', { status: 402, type: 'card_error', code: 'card_declined' });
    await expect(process().write(actor, customer())).rejects.toMatchObject({
      kind: 'invalid',
      code: 'CARD_DECLINED',
    });
    expect(await rows()).toMatchObject([{ outcome: 'refused' }]);
    await expect(
      process().read('look', (sdk) => sdk.subscriptions.retrieve('sub_none')),
    ).rejects.toMatchObject({ code: 'BILLING_CONFLICT' });
  });

  describe('counts, as /metrics prints it,', () => {
    const verb = 'create_customer';
    const calls = (outcome: string, of = verb): [string, Record<string, string>] => [
      'stripe_calls_total',
      { verb: of, outcome },
    ];
    const retries = (how: string): [string, Record<string, string>] => [
      'stripe_retries_total',
      { verb, how },
    ];
    const write = () =>
      process()
        .write(actor, customer())
        .catch(() => undefined);

    it('calls by verb and outcome, and how long they took', async () => {
      const durations = (line: string, labels = {}): [string, Record<string, string>] => [
        `stripe_call_duration_seconds_${line}`,
        { verb, ...labels },
      ];
      const counted = [
        ...['done', 'refused', 'unknown'].map((outcome) => calls(outcome)),
        durations('count'),
      ];
      expect(await growth(metricsText, counted, write)).toEqual([1, 0, 0, 1]);
      fault('status', { status: 402, type: 'card_error', code: 'card_declined' });
      expect(await growth(metricsText, counted, write)).toEqual([0, 1, 0, 1]);
      // Until its timeout.
      fault('timeout_after_apply');
      const [unknown, count, quick, seconds] = await growth(
        metricsText,
        [...counted.slice(2), durations('bucket', { le: '0.5' }), durations('sum')],
        write,
      );
      expect([unknown, count, quick]).toEqual([1, 1, 0]);
      expect(seconds).toBeGreaterThan(TIMEOUT_MS / 2_000);
    });

    it('what is tried again: by its key, by a look for what the key no longer tells, by the library', async () => {
      const counted = [...['again', 'lookup', 'library'].map(retries), calls('done', `find:${verb}`)];
      expect(await growth(metricsText, counted, write)).toEqual([0, 0, 0, 0]);
      fault('timeout_after_apply');
      await write();
      expect(await growth(metricsText, counted, write)).toEqual([1, 0, 0, 0]);
      fault('timeout_after_apply');
      await write();
      clock.advance(25 * HOUR_MS);
      stripe.advance(25 * 3_600);
      expect(await growth(metricsText, counted, write)).toEqual([0, 1, 0, 1]);
      clock.advance(-25 * HOUR_MS);
      fault('close_after_apply');
      expect(await growth(metricsText, counted, write)).toEqual([0, 0, 1, 0]);
    });

    it('what is kept back while Stripe is left alone, and whether it is', async () => {
      const gateway = process();
      const look = () => gateway.read('look', (sdk) => sdk.customers.list()).catch(() => undefined);
      const isOpen = async () => new Metrics(await metricsText()).valueOf('stripe_gate_open');
      const counted = ['unknown', 'kept_back', 'done'].map((outcome) => calls(outcome, 'look'));
      expect(await isOpen()).toBe(1);
      fault('status', { times: 5 * 3, match: { method: 'GET', path: '/v1/customers' } });
      const five = async () => {
        for (let i = 0; i < 5; i++) await look();
      };
      expect(await growth(metricsText, counted, five)).toEqual([5, 0, 0]);
      expect(await isOpen()).toBe(0);
      expect(await growth(metricsText, counted, look)).toEqual([0, 1, 0]);
      clock.advance(10_000);
      expect(await isOpen()).toBe(1);
      expect(await growth(metricsText, counted, look)).toEqual([0, 0, 1]);
    });
  });

  it('lets a Stripe that hangs hold no more than so many calls, and is quick to refuse the rest', async () => {
    const gateway = process();
    stripe.local.faults.add({ match: { method: 'GET', path: '/v1/customers/**' }, kind: 'hang', times: 100 });
    const look = () => gateway.read('look', (sdk) => sdk.customers.retrieve('cus_1'));
    const all = await Promise.allSettled(Array.from({ length: 30 }, look));
    expect(all.every((one) => one.status === 'rejected')).toBe(true);
    const struck = () => stripe.local.faults.list().reduce((sum, one) => sum + one.struck, 0);
    expect(struck()).toBeLessThanOrEqual(6);
    await Promise.allSettled([look(), look(), look()]);
    const asked = struck();
    // From now on nobody is asked at all, for a while.
    await expect(look()).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(struck()).toBe(asked);
    stripe.local.faults.clear();
    clock.advance(10_000);
    await expect(look()).rejects.toMatchObject({ code: 'BILLING_CONFLICT' });
  });
});
