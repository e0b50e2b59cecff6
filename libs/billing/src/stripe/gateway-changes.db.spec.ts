import type { INestApplicationContext } from '@nestjs/common';
import type Stripe from 'stripe';
import { Actor, Db, ManualClock, newId, SystemDatabase } from '#platform';
import { fault } from '../../../../test/support/billing-changes.js';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { type JourneyStripe, startStripe } from '../../../../test/support/stripe.js';
import { gatewayTo } from '../testing/gateways.js';
import { orNull } from './look.js';
import type { Change } from './stripe-gateway.js';

const HOUR_MS = 3_600_000;
const POST = { method: 'POST', path: '/v1/webhook_endpoints' } as const;

describe('what belongs to no tenant, asked of Stripe (S2-31)', () => {
  const clock = new ManualClock(new Date());
  let database: TestDatabase;
  let app: INestApplicationContext;
  let pay: JourneyStripe;
  let db: Db;
  let system: SystemDatabase;
  let url: string;

  beforeAll(async () => {
    [database, pay] = await Promise.all([testDatabase(), startStripe()]);
    app = await databaseApp(database);
    [db, system] = [app.get(Db), app.get(SystemDatabase)];
  });
  afterAll(async () => {
    await app?.close();
    await pay?.stop();
    await database?.drop();
  });
  beforeEach(async () => {
    pay.local.faults.clear();
    await system.query('delete from billing.product_writes');
    for (const one of (await pay.stripe.webhookEndpoints.list({ limit: 100 })).data)
      await pay.stripe.webhookEndpoints.del(one.id);
    url = `https://${newId('key')}.example/hooks`;
  });

  /** A process of the product. */
  const process = (timeoutMs?: number) => gatewayTo(pay, app, clock, timeoutMs);

  /** What shows its secret once, and cannot be found again with it. */
  const endpoint = (): Change<Stripe.WebhookEndpoint> => ({
    ...{ verb: 'create_endpoint', what: { url } },
    make: (stripe, options) => stripe.webhookEndpoints.create({ url, enabled_events: ['*'] }, options),
    find: async (stripe, known) => {
      const there = known && (await orNull(stripe.webhookEndpoints.retrieve(known.id)));
      return there ? known! : null;
    },
  });
  const made = async () =>
    (await pay.stripe.webhookEndpoints.list({ limit: 100 })).data
      .filter((one) => one.url === url)
      .map((one) => one.id);
  const rows = () =>
    system.query<{ id: string; outcome: string | null; failure: string | null }>(
      'select id, outcome, failure from billing.product_writes order by begun_at, id',
    );
  const outcomes = async () => (await rows()).map((one) => one.outcome);
  /** Asked for, done, and nobody heard. The library tries a closed connection once more, under our key. */
  const lose = async (kind: 'timeout_after_apply' | 'close_after_apply' = 'timeout_after_apply') => {
    fault(pay, { kind, match: POST, times: kind === 'close_after_apply' ? 2 : 1 });
    await expect(process().change(endpoint())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await made()).not.toEqual([]);
  };
  const keys = (heard: ReturnType<JourneyStripe['hear']>) =>
    heard()
      .filter(({ method }) => method === 'POST')
      .map((one) => one.idempotency_key);

  it('is written down, with its key, before Stripe hears of it', async () => {
    let before: Awaited<ReturnType<typeof rows>> = [];
    const heard = pay.hear();
    await process().change({
      ...endpoint(),
      make: async (stripe, options) => {
        // Of another connection: it is committed.
        before = await rows();
        return endpoint().make(stripe, options);
      },
    });
    expect(before).toMatchObject([{ outcome: null, failure: null }]);
    expect(keys(heard)).toEqual([before[0]!.id]);
    expect(await outcomes()).toEqual(['done']);
  });

  it.each(['timeout_after_apply', 'close_after_apply'] as const)(
    'is the same one with its secret after %s, also in another process',
    async (kind) => {
      await lose(kind);
      expect(await outcomes()).toEqual([null]);
      expect(await process().isUnheard(endpoint())).toBe(true);
      const again = await process().change(endpoint());
      expect(again.secret).toMatch(/^whsec_/);
      expect(await made()).toEqual([again.id]);
      expect(await outcomes()).toEqual(['done']);
      expect(await process().isUnheard(endpoint())).toBe(false);
    },
  );

  it('is one for twenty who ask at once, in two processes', async () => {
    // Stripe takes its time, so that all are there; who asks has more.
    fault(pay, { kind: 'delay', delay_ms: 3_000, match: POST });
    const processes = [process(60_000), process(60_000)];
    const ended = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => processes[i % 2]!.change(endpoint())),
    );
    // Stripe refuses the second process while it is busy with the first one's call.
    for (const one of ended)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'BILLING_BUSY' });
    const all = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    expect(await made()).toEqual([...new Set(all)]);
    expect(await outcomes()).toEqual(['done']);
  });

  it('is another one under another key once it has ended, or was refused', async () => {
    const heard = pay.hear();
    await process().change(endpoint());
    await process().change(endpoint());
    const refused = { ...endpoint(), what: 'refused' };
    fault(pay, { kind: 'status', status: 400, match: POST });
    await expect(process().change(refused)).rejects.toMatchObject({ code: 'BILLING_CONFLICT' });
    await process().change(refused);
    expect(new Set(keys(heard)).size).toBe(4);
    expect(await made()).toHaveLength(3);
    expect((await outcomes()).sort()).toEqual(['done', 'done', 'done', 'refused']);
  });

  it('is asked for under another key after a fault that Stripe keeps', async () => {
    fault(pay, { kind: 'status', kept: true, match: POST });
    await expect(process().change(endpoint())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await rows()).toMatchObject([{ outcome: null, failure: '500' }]);
    const again = await process().change(endpoint());
    expect(await made()).toEqual([again.id]);
    expect((await outcomes()).sort()).toEqual(['done', 'lost']);
  });

  it('stays as it is while nobody asks Stripe, or what is there cannot be looked for', async () => {
    await lose();
    const { id } = (await rows())[0]!;
    const blind = {
      ...endpoint(),
      find: (stripe: Stripe) => stripe.webhookEndpoints.list().then(() => null),
    };
    fault(pay, { kind: 'status', match: { method: 'GET', path: POST.path }, times: 3 });
    await expect(process().change(blind)).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    fault(pay, { kind: 'status', status: 401, match: POST });
    await expect(process().change(endpoint())).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await rows()).toMatchObject([{ id, outcome: null }]);
    expect(await made()).toEqual([(await process().change(endpoint())).id]);
  });

  it('is looked for, and else begun anew, once Stripe has forgotten the key', async () => {
    await lose();
    clock.advance(25 * HOUR_MS);
    pay.advance(25 * 3_600);
    const [old] = await made();
    const find = async (stripe: Stripe) =>
      (await stripe.webhookEndpoints.list({ limit: 100 })).data.find((one) => one.url === url) ?? null;
    expect((await process().change({ ...endpoint(), find })).id).toBe(old);
    expect((await outcomes()).sort()).toEqual(['done', 'lost']);

    await lose();
    clock.advance(25 * HOUR_MS);
    pay.advance(25 * 3_600);
    const heard = pay.hear();
    const fresh = await process().change(endpoint());
    expect(fresh.secret).toMatch(/^whsec_/);
    expect(await made()).toHaveLength(3);
    expect(keys(heard)).toHaveLength(1);
    clock.advance(-50 * HOUR_MS);
  });

  it('is begun anew when its key stands for something else at Stripe, as after a new release', async () => {
    await lose();
    const other: Change<Stripe.WebhookEndpoint> = {
      ...endpoint(),
      make: (stripe, options) =>
        stripe.webhookEndpoints.create({ url, enabled_events: ['invoice.paid'] }, options),
    };
    await expect(process().change(other)).rejects.toMatchObject({ code: 'BILLING_BUSY' });
    expect(await outcomes()).toEqual([null]);
    expect((await process().change(other)).secret).toMatch(/^whsec_/);
    expect((await outcomes()).sort()).toEqual(['done', 'lost']);
  });

  it('is begun anew when what Stripe made is not there any more, which it would only tell of again', async () => {
    await lose();
    const [gone] = await made();
    await pay.stripe.webhookEndpoints.del(gone!);
    const again = await process().change(endpoint());
    expect(await made()).toEqual([again.id]);
    expect((await outcomes()).sort()).toEqual(['done', 'lost']);
  });

  it('is asked for under another key each time when twice comes to the same', async () => {
    const { id } = await pay.stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
    const update = async (events: Stripe.WebhookEndpointUpdateParams.EnabledEvent[]) => {
      await process().change({
        ...{ verb: 'update_endpoint', what: { id, events } },
        make: (stripe, options) => stripe.webhookEndpoints.update(id, { enabled_events: events }, options),
      });
      return (await pay.stripe.webhookEndpoints.retrieve(id)).enabled_events;
    };
    fault(pay, { kind: 'timeout_after_apply', match: { method: 'POST', path: `${POST.path}/*` } });
    await expect(update(['invoice.paid'])).rejects.toMatchObject({ code: 'BILLING_UNAVAILABLE' });
    expect(await update(['charge.refunded'])).toEqual(['charge.refunded']);
    expect(await update(['invoice.paid'])).toEqual(['invoice.paid']);
  });

  it('is not begun inside a transaction', async () => {
    const actor = Actor.system(newId('ten'), 'trace');
    const inside = db.transaction(actor, () => process().change(endpoint()));
    await expect(inside).rejects.toThrow('inside a transaction');
    expect(await rows()).toEqual([]);
  });
});
