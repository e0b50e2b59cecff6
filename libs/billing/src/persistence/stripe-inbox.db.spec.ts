import type { INestApplicationContext } from '@nestjs/common';
import { AppDatabase, newId, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { StripeEvents } from './stripe-events.js';
import { StripeInbox } from './stripe-inbox.js';

const LONG = 60_000;

describe('events of Stripe that wait (S2-43, S2-56)', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let inbox: StripeInbox;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    inbox = new StripeInbox(app.get(SystemDatabase));
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  async function stored(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => newId('evt'));
    const event = { type: 'invoice.paid', apiVersion: null, livemode: false, traceId: 't', payload: '{}' };
    await Promise.all(
      ids.map((id) => new StripeEvents(app.get(AppDatabase)).store({ ...event, id, createdAt: new Date(0) })),
    );
    return ids.sort();
  }
  const statusOf = (id: string) =>
    app
      .get(SystemDatabase)
      .query<{ status: string; attempts: number; failure: string | null }>(
        'select status, attempts, failure from billing.stripe_events where id = $1',
        [id],
      )
      .then(([row]) => row);

  it('are taken by one worker each, and by another when that is gone', async () => {
    const ids = await stored(40);
    const taken = await Promise.all(Array.from({ length: 8 }, () => inbox.take(10, LONG)));
    expect(
      taken
        .flat()
        .map((one) => one.id)
        .sort(),
    ).toEqual(ids);
    expect(await inbox.take(10, LONG)).toEqual([]);
    // What a killed worker had: its time is over.
    await app.get(SystemDatabase).query('update billing.stripe_events set next_at = now()');
    const again = await inbox.take(100, LONG);
    expect(again.map((one) => one.attempts)).toEqual(ids.map(() => 2));
    await inbox.settle(ids, 'applied', {});
  });

  it('come back after their wait, and keep why; one that was not tried keeps its attempts', async () => {
    const [id] = (await stored(1)) as [string];
    await inbox.take(1, LONG);
    await inbox.postpone([id], 0, '500', true);
    expect(await inbox.take(1, LONG)).toMatchObject([{ id, attempts: 2 }]);
    await inbox.postpone([id], 0, 'BILLING_UNAVAILABLE', false);
    expect(await inbox.take(1, LONG)).toMatchObject([{ id, attempts: 2 }]);
    await inbox.settle([id], 'dead', { failure: 'gave up' });
    expect(await statusOf(id)).toEqual({ status: 'dead', attempts: 2, failure: 'gave up' });
    // Late news of an attempt that was given up changes nothing.
    await inbox.settle([id], 'applied', {});
    expect(await statusOf(id)).toMatchObject({ status: 'dead' });
  });

  it('are looked at by tickets that only grow', async () => {
    const drawn = await Promise.all(Array.from({ length: 20 }, () => inbox.drawTicket()));
    expect(new Set(drawn).size).toBe(20);
    expect(await inbox.drawTicket()).toBeGreaterThan(Math.max(...drawn));
  });
});
