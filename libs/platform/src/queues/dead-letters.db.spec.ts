import pg from 'pg';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { SystemDatabase } from '../db/system-database.js';
import { DeadLetters } from './dead-letters.js';

/** Three tenants with an event each, given up by two subscriptions; the events made and seen in turn. */
const FIXTURE = `
  with made as (
    insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at, published_at, settled_at)
    select 'ten_' || n, 'evt_' || n, case n % 2 when 0 then 'probe.thing.made' else 'probe.thing.seen' end, 1, '{}', 'system', '',
      now(), now(), now()
    from generate_series(1, 3) n
    returning *
  ), tried as (
    insert into platform.inbox (tenant_id, subscription, event_id, recorded_at, attempts, dead_at, last_error)
    select tenant_id, s, id, recorded_at, 12, '2026-01-01', 'Error: no' from made, unnest(array['probe.count', 'probe.mail']) s
    returning *
  )
  insert into platform.dead_letters
  select t.tenant_id, t.subscription, t.event_id, t.recorded_at, m.name, t.attempts, t.last_error, t.dead_at
  from tried t join made m on m.id = t.event_id`;

describe('DeadLetters', () => {
  let database: TestDatabase;
  let system: SystemDatabase;
  let letters: DeadLetters;

  beforeAll(async () => {
    database = await testDatabase();
    system = new SystemDatabase({
      url: database.url,
      systemUrl: database.systemUrl,
      poolSize: 2,
      plaintextAllowed: true,
      passwordlessAllowed: false,
    });
    letters = new DeadLetters(system);
  });
  beforeEach(() => asOwner(`truncate platform.outbox, platform.inbox, platform.dead_letters; ${FIXTURE}`));
  afterAll(async () => {
    await system.onApplicationShutdown();
    await database.drop();
  });

  async function asOwner(sql: string): Promise<void> {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query(sql);
    await owner.end();
  }

  it('gives every letter exactly once, page by page', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await letters.list({}, 2, cursor ?? undefined);
      expect(page.data.length).toBeLessThanOrEqual(2);
      seen.push(...page.data.map((letter) => `${letter.eventId} ${letter.subscription}`));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
  });

  it.each([
    [{ eventName: 'probe.thing.seen' }, 4],
    [{ subscription: 'probe.mail' }, 3],
    [{ tenantId: 'ten_2' }, 2],
    [{ eventId: 'evt_1', subscription: 'probe.count' }, 1],
    [{ eventId: 'evt_9' }, 0],
  ])('filters by %j', async (filter, count) => {
    expect((await letters.list(filter, 100)).data).toHaveLength(count);
    expect(await letters.retry(filter)).toBe(count);
    expect((await letters.list(filter, 100)).data).toEqual([]);
    expect((await letters.list({}, 100)).data).toHaveLength(6 - count);
  });

  it('gives a retried letter all its attempts back and publishes its event again, and leaves the others', async () => {
    expect(await letters.retry({ eventId: 'evt_1', subscription: 'probe.mail' })).toBe(1);
    const inbox = await system.query(`
      select subscription, attempts, dead_at is not null as dead from platform.inbox where event_id = 'evt_1' order by 1`);
    expect(inbox).toEqual([
      { subscription: 'probe.count', attempts: 12, dead: true },
      { subscription: 'probe.mail', attempts: 0, dead: false },
    ]);
    const waiting = await system.query(
      'select id from platform.outbox where published_at is null and settled_at is null',
    );
    expect(waiting).toEqual([{ id: 'evt_1' }]);
  });

  it('retries a letter once, however many ask at once', async () => {
    const taken = await Promise.all([letters.retry({}), letters.retry({}), letters.retry({})]);
    expect(taken.reduce((sum, one) => sum + one)).toBe(6);
  });

  it.each([
    'x',
    'null',
    '["2026-01-01 00:00:00+00","ten_1","probe.count"]',
    '["tomorrow","ten_1","probe.count","evt_1"]',
    '["2026-01-01 00:00:00+00","ten_1","probe.count","evt_\\u0000"]',
  ])('refuses %s as a cursor', async (text) => {
    const cursor = Buffer.from(text).toString('base64url');
    await expect(letters.list({}, 10, cursor)).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
      kind: 'invalid',
    });
  });
});
