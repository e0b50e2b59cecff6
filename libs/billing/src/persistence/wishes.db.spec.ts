import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, newId, SystemDatabase } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import type { Bought, Wish, WishOutcome } from '../domain/wish.js';
import { OpenWishes } from './open-wishes.js';
import { type TakenWishes, WishBook } from './wishes.js';

const TEAM: Bought = { plan: 'TEAM', interval: 'month', seats: 5 };
const LEASE_MS = 60_000;
const NOW = new Date('2026-11-23T12:00:00Z');

describe('wishes', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let book: WishBook;
  let actor: Actor;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    book = new WishBook(app.get(Db));
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
  beforeEach(() => (actor = Actor.system(newId('ten'), 'trace')));

  const put = (wish: Wish) =>
    app.get(Db).transaction(actor, async () => {
      const { wanted } = await book.lock();
      return book.put({ ...wanted, ...wish }, NOW);
    });
  const take = (writer: string) => book.take(actor, writer, LEASE_MS, TEAM);
  const settle = (taken: TakenWishes, status: WishOutcome['status'] = 'done') =>
    book.settle(actor, taken, {
      ...{ upTo: taken.upTo, status, wanted: taken.wanted, refusal: null, at: NOW.toISOString() },
    });
  /** Its time is over, and nobody has heard of it. */
  const die = () =>
    app
      .get(Db)
      .transaction(actor, () =>
        app
          .get(Db)
          .query('update billing.wishes set leased_until = now() where tenant_id = $1', [actor.tenantId]),
      );

  it('are taken by one of many writers, all that there are; those that come later by the next', async () => {
    expect(await Promise.all([1, 2, 3].map((i) => put({ seats: 5 + i })))).toEqual(
      expect.arrayContaining([1, 2, 3]),
    );
    const writers = await Promise.all(['a', 'b', 'c', 'd'].map(take));
    const [taken, ...more] = writers.filter((one) => one !== null);
    expect(more).toEqual([]);
    expect(taken).toMatchObject({ upTo: 3, wanted: { seats: expect.any(Number) }, askedAt: NOW });
    await put({ seats: 20 });
    expect(await take('e')).toBeNull();
    await settle(taken!);
    expect(await book.get(actor)).toMatchObject({ generation: 4, settled: 3, wanted: { seats: 20 } });
    const next = await take('e');
    expect(next).toMatchObject({ upTo: 4, wanted: { seats: 20 } });
    await settle(next!, 'refused');
    expect(await take('f')).toBeNull();
    expect((await book.get(actor))?.outcomes).toMatchObject([
      { upTo: 3, status: 'done' },
      { upTo: 4, status: 'refused' },
    ]);
  });

  it('of a writer that was killed are the next one’s, with what came since; it can do nothing any more', async () => {
    await put({ seats: 8, interval: 'year' });
    const killed = await take('killed');
    await put({ seats: 9 });
    await die();
    const next = await take('next');
    expect(next).toMatchObject({ upTo: 2, wanted: { seats: 9, interval: 'year' } });
    expect(await book.hold(actor, killed!, LEASE_MS, () => Promise.resolve(true))).toBeNull();
    await settle(killed!);
    await book.release(actor, killed!);
    expect(await book.get(actor)).toMatchObject({ settled: 0 });
    expect(await book.hold(actor, next!, LEASE_MS, () => Promise.resolve(true))).toBe(true);
  });

  it('that nobody could decide are taken on by a worker after a while, less and less often', async () => {
    const open = new OpenWishes(app.get(SystemDatabase));
    const found = async () => (await open.take(100, 0)).includes(actor.tenantId!);
    const soon = (tenantId: string | null) =>
      app
        .get(Db)
        .transaction(actor, () =>
          app
            .get(Db)
            .query(
              `update billing.wishes set retry_at = retry_at - interval '20 seconds' where tenant_id = $1`,
              [tenantId],
            ),
        );
    await put({ seats: 8 });
    // It is its caller's.
    expect(await found()).toBe(false);
    await soon(actor.tenantId);
    expect(await found()).toBe(true);
    for (let i = 0; i < 6; i++) {
      const taken = await take('worker');
      expect([taken?.upTo, await found()]).toEqual([1, false]);
      await book.release(actor, taken!);
    }
    await soon(actor.tenantId);
    // 32 seconds after the sixth time.
    expect(await found()).toBe(false);
    await soon(actor.tenantId);
    expect(await found()).toBe(true);
    await settle((await take('worker'))!);
    expect(await found()).toBe(false);
  });
});
