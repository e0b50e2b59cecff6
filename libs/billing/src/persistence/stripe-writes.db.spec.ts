import type { INestApplicationContext } from '@nestjs/common';
import { Actor, Db, ManualClock, newId } from '#platform';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { StripeWrites } from './stripe-writes.js';

describe('what we asked Stripe to do (S2-31)', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let app: INestApplicationContext;
  let writes: StripeWrites;
  let actor: Actor;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database);
    writes = new StripeWrites(app.get(Db), clock);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
  beforeEach(() => (actor = Actor.system(newId('ten'), 'trace')));

  const begin = (params: Record<string, unknown> = { b: 2, a: [1, { y: 1, x: 2 }] }, identity?: unknown) =>
    writes.begin(actor, { verb: 'create_thing', params, identity });

  it('is one write for as many as ask at once, whatever order its words come in', async () => {
    const first = await Promise.all(Array.from({ length: 20 }, () => begin()));
    const other = await begin({ a: [1, { x: 2, y: 1 }], b: 2 });
    expect(new Set([...first, other].map((one) => one.id)).size).toBe(1);
    expect(first.filter((one) => !one.isOld)).toHaveLength(1);
    expect((await begin({ a: [2] })).id).not.toBe(other.id);
  });

  it('stays the same while nobody knows how it ended, with what was asked first', async () => {
    const first = await begin({ name: 'Acme' }, 'customer');
    await writes.fail(actor, first.id, '500 api_error');
    clock.advance(1_000);
    const again = await begin({ name: 'Acme Tools' }, 'customer');
    expect(again).toEqual({ ...first, isOld: true, failure: '500 api_error' });
    expect(again.params).toEqual({ name: 'Acme' });
  });

  it.each(['done', 'refused', 'lost'] as const)('is another one once it is %s', async (outcome) => {
    const first = await begin();
    await writes.end(actor, first.id, outcome, { resultId: 'cus_1' });
    const next = await begin();
    expect(next.id).not.toBe(first.id);
    expect(next.isOld).toBe(false);
  });

  it('is nobody else’s', async () => {
    const first = await begin();
    actor = Actor.system(newId('ten'), 'trace');
    expect((await begin()).id).not.toBe(first.id);
  });
});
