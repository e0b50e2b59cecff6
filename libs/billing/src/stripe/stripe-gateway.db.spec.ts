import type { INestApplicationContext } from '@nestjs/common';
import type Stripe from 'stripe';
import { Actor, Db, type Log, ManualClock, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { type JourneyStripe, startStripe } from '../../../../test/support/stripe.js';
import { BillingConfig } from '../billing.config.js';
import { StripeWrites } from '../persistence/stripe-writes.js';
import { StripeClient } from './stripe-client.js';
import { StripeGateway, type Write } from './stripe-gateway.js';

const HOUR_MS = 3_600_000;
/** Of a call that hangs; the others answer within a few. */
const TIMEOUT_MS = 1_000;
const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

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

  /** A process of the product: its own gate, the same database. */
  function process(): StripeGateway {
    const config = {
      secretKey: stripe.settings.STRIPE_SECRET_KEY,
      apiUrl: new URL(stripe.local.url),
      timeoutMs: TIMEOUT_MS,
      maxCalls: 3,
    } as BillingConfig;
    return new StripeGateway(new StripeClient(config), new StripeWrites(db, clock), db, clock, quiet, config);
  }

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
    stripe.local.faults.add({
      match: { method: 'POST', path: '/v1/customers' },
      kind,
      times: 1,
      status: 500,
      kept: false,
      delay_ms: 0,
      decline_code: 'generic_decline',
      ...more,
    });

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

  it('lets a Stripe that hangs hold no more than so many calls, and is quick to refuse the rest', async () => {
    const gateway = process();
    stripe.local.faults.add({
      match: { method: 'GET', path: '/v1/customers/**' },
      kind: 'hang',
      times: 100,
      status: 500,
      kept: false,
      delay_ms: 0,
      decline_code: 'generic_decline',
    });
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
  }, 30_000);
});
