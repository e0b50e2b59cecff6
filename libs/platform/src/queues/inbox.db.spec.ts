import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Actor } from '../actor/actor.js';
import { SystemClock } from '../clock/clock.js';
import { AppDatabase } from '../db/app-database.js';
import { Db } from '../db/db.js';
import { Entities } from '../db/entities.js';
import { newId } from '../ids/ids.js';
import { type Delivery, Inbox } from './inbox.js';

const CLAIM_MS = 60_000;

describe('Inbox', () => {
  let database: TestDatabase;
  let app: AppDatabase;
  let db: Db;
  let inbox: Inbox;

  beforeAll(async () => {
    database = await testDatabase();
    const config = {
      url: database.url,
      systemUrl: database.systemUrl,
      poolSize: 5,
      plaintextAllowed: true,
      passwordlessAllowed: false,
    };
    app = new AppDatabase(config, new Entities([]));
    await app.onModuleInit();
    db = new Db(app);
    inbox = new Inbox(db, new SystemClock());
  });
  afterAll(async () => {
    await app.onApplicationShutdown();
    await database.drop();
  });

  async function delivery(): Promise<Delivery> {
    const actor = Actor.system(newId('ten'), 'trace');
    await db.transaction(actor, async () =>
      db.record([{ name: 'probe.thing.made', version: 1, payload: { n: 1 }, occurredAt: new Date() }]),
    );
    const [row] = await db.read<{ id: string; at: string }>(
      actor,
      'select id, recorded_at::text as at from platform.outbox',
    );
    return { tenantId: actor.tenantId!, eventId: row!.id, recordedAt: row!.at, subscription: 'probe.count' };
  }

  it('counts every attempt before it is made', async () => {
    const one = await delivery();
    expect(await inbox.begin(one, null)).toMatchObject({
      state: 'begun',
      attempts: 1,
      event: { payload: { n: 1 } },
    });
    await inbox.fail(one, 1, 'Error: no');
    expect(await inbox.begin(one, null)).toMatchObject({ state: 'begun', attempts: 2 });
  });

  it('tells once that an attempt has crashed, and begins the next only after that', async () => {
    const one = await delivery();
    await inbox.begin(one, null);
    await inbox.fail(one, 1, 'Error: no');
    await inbox.begin(one, null);
    expect(await inbox.begin(one, null)).toMatchObject({
      state: 'crashed',
      attempts: 2,
      lastError: 'Error: no',
    });
    expect(await inbox.begin(one, null)).toMatchObject({ state: 'begun', attempts: 3 });
    expect(await inbox.finish(one)).toBe(true);
  });

  it('lets an event be done once', async () => {
    const one = await delivery();
    await inbox.begin(one, null);
    expect(await inbox.finish(one)).toBe(true);
    expect(await inbox.finish(one)).toBe(false);
    expect(await inbox.begin(one, null)).toEqual({ state: 'done' });
  });

  it('forgets the mark of a transaction that is rolled back', async () => {
    const one = await delivery();
    await inbox.begin(one, null);
    const work = db.transaction(Actor.system(one.tenantId, 'trace'), async () => {
      expect(await inbox.finish(one)).toBe(true);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await inbox.finish(one)).toBe(true);
  });

  it('reserves an effect for one of many that begin at once', async () => {
    const one = await delivery();
    const begun = await Promise.all(Array.from({ length: 5 }, () => inbox.begin(one, CLAIM_MS)));
    expect(begun.filter(({ state }) => state === 'begun')).toHaveLength(1);
    expect(begun.filter(({ state }) => state === 'claimed')).toHaveLength(4);
    const again = await inbox.begin(one, CLAIM_MS);
    expect(again.state === 'claimed' && again.forMs).toBeGreaterThan(CLAIM_MS / 2);
  });

  it('gives a lapsed claim to the next, and nothing to whoever had it before', async () => {
    const one = await delivery();
    await inbox.begin(one, 1);
    await eventually(async () => (await inbox.begin(one, CLAIM_MS)).state === 'crashed');
    expect(await inbox.begin(one, CLAIM_MS)).toMatchObject({ state: 'begun', attempts: 2 });

    expect(await inbox.renew(one, 1, CLAIM_MS)).toBe(false);
    expect(await inbox.bury(one, 1, 'probe.thing.made', 'Error: late')).toBe(false);
    await inbox.fail(one, 1, 'Error: late');
    expect(await inbox.begin(one, CLAIM_MS)).toMatchObject({ state: 'claimed' });
    expect(await inbox.renew(one, 2, CLAIM_MS)).toBe(true);
  });

  it('keeps a dead event as a dead letter and begins it no more', async () => {
    const one = await delivery();
    await inbox.begin(one, null);
    expect(await inbox.bury(one, 1, 'probe.thing.made', 'Error: no')).toBe(true);
    expect(await inbox.bury(one, 1, 'probe.thing.made', 'Error: no')).toBe(false);
    expect(await inbox.begin(one, null)).toEqual({ state: 'dead' });
    expect(await inbox.finish(one)).toBe(false);
    const letters = await db.read(
      Actor.system(one.tenantId, ''),
      'select attempts, last_error from platform.dead_letters',
    );
    expect(letters).toEqual([{ attempts: 1, last_error: 'Error: no' }]);
  });

  it('knows nothing of an event that the outbox does not hold, nor of another tenant’s', async () => {
    const one = await delivery();
    expect(await inbox.begin({ ...one, eventId: newId('evt') }, null)).toEqual({ state: 'gone' });
    expect(await inbox.begin({ ...one, tenantId: newId('ten') }, null)).toEqual({ state: 'gone' });
  });
});
