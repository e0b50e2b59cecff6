import pg from 'pg';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';

const DAY_MS = 86_400_000;
const KEEP_DAYS = 30;

describe('platform.maintain_partitions', () => {
  let database: TestDatabase;
  let owner: pg.Client;
  let system: pg.Client;

  beforeAll(async () => {
    database = await testDatabase();
    owner = new pg.Client({ connectionString: database.ownerUrl });
    system = new pg.Client({ connectionString: database.systemUrl });
    await Promise.all([owner.connect(), system.connect()]);
  });
  afterAll(async () => {
    await Promise.all([owner.end(), system.end()]);
    await database.drop();
  });

  const maintain = () => system.query('select platform.maintain_partitions($1)', [KEEP_DAYS]);
  const partitions = async (table: string) => {
    const { rows } = await owner.query<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = $1::regclass and c.relname not like '%_default' order by 1`,
      [`platform.${table}`],
    );
    return rows.map((row) => row.name.slice(`${table}_p`.length));
  };
  const monday = (weeksAgo: number) => {
    const day = new Date(Date.now() - weeksAgo * 7 * DAY_MS);
    day.setUTCHours(0, 0, 0, 0);
    return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY_MS);
  };
  const nameOf = (weeksAgo: number) => monday(weeksAgo).toISOString().slice(0, 10).replaceAll('-', '');

  /** Partitions of a week long past, with one event in it that ended in the given way. */
  async function longAgo(weeks: number, ending: 'settled' | 'open' | 'dead'): Promise<void> {
    const from = monday(weeks);
    const to = new Date(from.getTime() + 7 * DAY_MS);
    for (const table of ['outbox', 'inbox']) {
      await owner.query(
        `create table platform.${table}_p${nameOf(weeks)} partition of platform.${table}
         for values from ('${from.toISOString()}') to ('${to.toISOString()}')`,
      );
    }
    const at = new Date(from.getTime() + DAY_MS);
    const settledAt = ending === 'open' ? null : at;
    await owner.query(
      `insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at, recorded_at, settled_at)
       values ('ten_1', $1, 'probe.thing.made', 1, '{}', 'system', '', $2, $2, $3)`,
      [`evt_${weeks}`, at, settledAt],
    );
    await owner.query(
      `insert into platform.inbox (tenant_id, subscription, event_id, recorded_at, done_at) values ('ten_1', 'probe.count', $1, $2, $2)`,
      [`evt_${weeks}`, at],
    );
    if (ending !== 'dead') return;
    await owner.query(
      `insert into platform.dead_letters values ('ten_1', 'probe.mail', $1, $2, 'probe.thing.made', 12, 'Error: no', $2)`,
      [`evt_${weeks}`, at],
    );
  }

  it('drops weeks past their days in which everything has ended, and their inbox', async () => {
    await longAgo(20, 'settled');
    await maintain();
    expect(await partitions('outbox')).not.toContain(nameOf(20));
    expect(await partitions('inbox')).not.toContain(nameOf(20));
  });

  it.each([
    [21, 'open'],
    [22, 'dead'],
  ] as const)(
    'keeps a week, %i weeks ago, that holds an event that is %s, and its inbox',
    async (weeks, ending) => {
      await longAgo(weeks, ending);
      await maintain();
      expect(await partitions('outbox')).toContain(nameOf(weeks));
      expect(await partitions('inbox')).toContain(nameOf(weeks));
    },
  );

  it('keeps a week that is not past its days', async () => {
    await longAgo(3, 'settled');
    await maintain();
    expect(await partitions('outbox')).toContain(nameOf(3));
  });

  it('makes the coming weeks again where they are missing', async () => {
    const before = await partitions('outbox');
    expect(before.filter((name) => name > nameOf(0))).toHaveLength(8);
    await owner.query(`drop table platform.outbox_p${before.at(-1)}, platform.inbox_p${before.at(-1)}`);
    await maintain();
    expect(await partitions('outbox')).toEqual(before);
    expect((await partitions('inbox')).at(-1)).toBe(before.at(-1));
  });

  it('looks after every partitioned table there is', async () => {
    const { rows } = await owner.query(
      `select p.oid::regclass::text as parent from pg_class p
       where p.relkind = 'p' except select parent from platform.partitioned`,
    );
    expect(rows).toEqual([]);
  });

  it('leaves alone what fell into the default partition while nobody kept it up', async () => {
    const last = (await partitions('outbox')).at(-1)!;
    await owner.query(`drop table platform.outbox_p${last}`);
    await owner.query(
      `insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at, recorded_at)
       values ('ten_1', 'evt_1', 'probe.thing.made', 1, '{}', 'system', '', now(), to_date($1, 'YYYYMMDD') + 1)`,
      [last],
    );
    await maintain();
    expect(await partitions('outbox')).not.toContain(last);
    const { rows } = await owner.query('select id from platform.outbox_default');
    expect(rows).toEqual([{ id: 'evt_1' }]);
  });

  it('does it once when several workers ask at once', async () => {
    await longAgo(23, 'settled');
    const other = new pg.Client({ connectionString: database.systemUrl });
    await other.connect();
    await Promise.all([
      maintain(),
      other.query('select platform.maintain_partitions($1)', [KEEP_DAYS]),
    ]).finally(() => other.end());
    expect(await partitions('outbox')).not.toContain(nameOf(23));
  });

  it('lets the worker touch no other table', async () => {
    await expect(
      system.query(`select platform.prune_partitions('platform.outbox', 'week', now())`),
    ).rejects.toThrow('permission denied');
    await expect(system.query(`drop table platform.outbox_default`)).rejects.toThrow('must be owner');
  });
});
