import type { INestApplicationContext } from '@nestjs/common';
import { AppDatabase, newId, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { StripeArchive } from './stripe-archive.js';
import { StripeEvents } from './stripe-events.js';
import { StripeInbox, type TakenEvent } from './stripe-inbox.js';

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
    const incoming = { ...event, customerId: null, createdAt: new Date(0) };
    for (const id of ids) await new StripeEvents(app.get(AppDatabase)).store({ ...incoming, id });
    return ids;
  }
  const run = (sql: string, ...values: unknown[]) => app.get(SystemDatabase).query(sql, values);
  const statusOf = (id: string) =>
    run('select status, attempts, excused, failure from billing.stripe_events where id = $1', id).then(
      ([row]) => row,
    );
  /** As when the time of whoever has them is over. */
  const endLeases = () => run(`update billing.stripe_events set next_at = now() where status = 'received'`);
  const idsOf = (taken: readonly TakenEvent[]) => taken.map((one) => one.id).sort();
  /** All that is there, as a worker takes it whose attempts all come to an end. */
  const takeAll = async () => {
    const all: TakenEvent[] = [];
    for (let some = await inbox.take(100, LONG); some.length > 0; some = await inbox.take(100, LONG))
      all.push(...some);
    return all;
  };

  it('are taken by one worker each', async () => {
    const ids = await stored(40);
    const taken = await Promise.all(Array.from({ length: 8 }, () => inbox.take(10, LONG)));
    expect(idsOf(taken.flat())).toEqual(ids.toSorted());
    expect(await inbox.take(10, LONG)).toEqual([]);
    expect(await inbox.settle(taken.flat(), 'applied')).toBe(40);
  });

  it('are each taken alone when whoever had them left no word, and nothing new goes along', async () => {
    const ids = await stored(3);
    const first = await inbox.take(10, LONG);
    expect(first.map((one) => one.isAlone)).toEqual([false, false, false]);
    await endLeases();
    const [fresh] = await stored(1);
    const alone = [await inbox.take(10, LONG), await inbox.take(10, LONG), await inbox.take(10, LONG)];
    expect(idsOf(alone.flat())).toEqual(ids.toSorted());
    for (const one of alone) expect(one).toMatchObject([{ isAlone: true, attempts: 2, tries: 2 }]);
    expect(await inbox.take(10, LONG)).toMatchObject([{ id: fresh, isAlone: false }]);

    // One that has said why it failed goes with others again.
    await endLeases();
    const [spoken] = await inbox.take(1, LONG);
    await inbox.postpone([spoken!], 0, '400', { isExcused: false });
    const [newer] = await stored(1);
    await run('update billing.stripe_events set next_at = $2 where id = $1', spoken!.id, new Date(0));
    const together = await inbox.take(10, LONG);
    expect(idsOf(together)).toEqual([spoken!.id, newer!].sort());
    // And is silent again, now that it is tried anew.
    expect(await statusOf(spoken!.id)).toMatchObject({ failure: null });
    await endLeases();
    await inbox.settle(await takeAll(), 'applied');
  });

  it('are taken over when the time of whoever had them is over, without a word of anybody', async () => {
    const ids = await stored(2);
    expect(await inbox.take(2, 200)).toHaveLength(2);
    for (let at = 0; at < ids.length; at++) {
      const [over, ...more] = await eventually(async () => {
        const some = await inbox.take(2, LONG);
        return some.length > 0 && some;
      });
      expect([over, more]).toEqual([expect.objectContaining({ isAlone: true, tries: 2 }), []]);
      expect(await inbox.settle([over!], 'applied')).toBe(1);
    }
  });

  it('come back after their wait, and keep why; what was not their fault does not count', async () => {
    await stored(1);
    const [first] = await inbox.take(1, LONG);
    await inbox.postpone([first!], 0, '500', { isExcused: false });
    const [second] = await inbox.take(1, LONG);
    expect(second).toMatchObject({ id: first!.id, attempts: 2, tries: 2 });
    await inbox.postpone([second!], 0, 'BILLING_UNAVAILABLE', { isExcused: true });
    const [third] = await inbox.take(1, LONG);
    expect(third).toMatchObject({ attempts: 3, tries: 2 });
    expect(await inbox.settle([third!], 'dead', { failure: 'gave up' })).toBe(1);
    expect(await statusOf(third!.id)).toMatchObject({ status: 'dead', failure: 'gave up' });
    // Late news of an attempt that was given up changes nothing.
    expect(await inbox.settle([third!], 'applied')).toBe(0);
    expect(await statusOf(third!.id)).toMatchObject({ status: 'dead' });
  });

  it('are decided about by who has them: whoever has lost them neither parks, puts off nor keeps them', async () => {
    const [id] = await stored(1);
    const [lost] = await inbox.take(1, LONG);
    await endLeases();
    const [held] = await inbox.take(1, LONG);
    expect(held!.id).toBe(id);
    expect(await inbox.settle([lost!], 'dead', { failure: 'late' })).toBe(0);
    await inbox.postpone([lost!], 0, 'late', { isExcused: false });
    await inbox.renew([lost!], 0);
    expect(await inbox.take(1, LONG)).toEqual([]);
    expect(await statusOf(id!)).toMatchObject({ status: 'received', failure: null });
    expect(await inbox.settle([held!], 'applied')).toBe(1);
  });

  it('are kept by who renews them, but for those that were put off', async () => {
    await stored(2);
    const taken = await inbox.take(2, LONG);
    await inbox.postpone([taken[0]!], LONG, '500', { isExcused: false });
    await inbox.renew(taken, 0);
    expect(await inbox.take(2, LONG)).toMatchObject([{ id: taken[1]!.id }]);
    await endLeases();
    await inbox.settle(await takeAll(), 'applied');
  });

  it('of a large replay let what is new pass, and are as if they had just come', async () => {
    await stored(30);
    await inbox.settle(await takeAll(), 'dead', { failure: 'x' });
    const archive = new StripeArchive(app.get(SystemDatabase));
    expect(await archive.reopen({ status: 'dead' })).toBeGreaterThanOrEqual(30);
    const [live] = await stored(1);
    expect(await inbox.take(1, LONG)).toMatchObject([{ id: live, tries: 1 }]);
    const replayed = await inbox.take(100, LONG);
    expect(replayed.length).toBeGreaterThanOrEqual(30);
    for (const one of replayed) expect(one).toMatchObject({ tries: 1, isAlone: false });
    await endLeases();
    await inbox.settle(await takeAll(), 'applied');
  });

  it('are looked at by tickets that only grow', async () => {
    const drawn = await Promise.all(Array.from({ length: 20 }, () => inbox.drawTicket()));
    expect(new Set(drawn).size).toBe(20);
    expect(await inbox.drawTicket()).toBeGreaterThan(Math.max(...drawn));
  });
});
