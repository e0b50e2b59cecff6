import type pg from 'pg';
import { newId } from '#platform';
import { testDatabase, type TestDatabase } from '../support/database.js';
import {
  connected,
  fill,
  quoted,
  type Row,
  rowFor,
  superuser,
  type Table,
  tablesOf,
} from '../support/tables.js';
import { EXCEPTIONS } from './schema-rules.js';

type Privilege = 'select' | 'insert' | 'update' | 'delete';

/** The settings under which nothing of another tenant may be seen or changed. */
const SETTINGS: [what: string, set: (ours: string) => string][] = [
  ['never set', () => 'select 1'],
  ['set to nothing, as a pooled connection leaves it', () => `select set_config('app.tenant_id', '', true)`],
  ['another tenant', (ours) => `select set_config('app.tenant_id', '${ours}', true)`],
];

/** Their key is the tenant alone. */
const ONE_ROW_A_TENANT = [
  'tenancy.tenants',
  'licensing.tenant_terms',
  'billing.accounts',
  'billing.checkouts',
  'billing.wishes',
  'billing.stream_heads',
];

/** The app role against every table there is, also those of contexts that come later. */
describe('a tenant’s rows and the app role', () => {
  const ours = newId('ten');
  const theirs = newId('ten');
  let database: TestDatabase;
  let admin: pg.Client;
  let app: pg.Client;
  let tables: Table[];
  let theirRows: Map<string, Row>;
  let ourRows: Map<string, Row>;
  const granted = new Map<string, Set<Privilege>>();

  beforeAll(async () => {
    database = await testDatabase();
    [admin, app] = await Promise.all([superuser(database), connected(database.url)]);
    const all = await tablesOf(admin);
    tables = all.filter(({ name }) => !EXCEPTIONS[name]);
    // Nothing of a tenant is in these.
    const filled = all.filter(
      ({ name }) => !['internal', 'catalogue'].includes(EXCEPTIONS[name]?.kind ?? ''),
    );
    [ourRows, theirRows] = [await fill(admin, filled, ours), await fill(admin, filled, theirs)];
    for (const { name } of all) granted.set(name, await privilegesOn(name));
  });
  afterAll(async () => {
    await Promise.all([admin.end(), app.end()]);
    await database.drop();
  });

  async function privilegesOn(table: string): Promise<Set<Privilege>> {
    const { rows } = await admin.query<{ privilege: Privilege }>(
      `select p as privilege from unnest(array['select', 'insert', 'update', 'delete']) p where has_table_privilege('gatehouse_app', $1, p)`,
      [table],
    );
    return new Set(rows.map((row) => row.privilege));
  }

  const may = (table: string, privilege: Privilege) => granted.get(table)!.has(privilege);

  /** Runs `work` as the app role in a transaction that is taken back. */
  async function tried<T>(settings: string, work: () => Promise<T>): Promise<T> {
    await app.query('begin');
    try {
      await app.query(settings);
      return await work();
    } finally {
      await app.query('rollback');
    }
  }

  const inserting = (table: Table, row: Row) => {
    const names = Object.keys(row);
    const values = names.map((_, i) => `$${i + 1}`).join(', ');
    return app.query(
      `insert into ${table.name} (${names.map(quoted).join(', ')}) values (${values})`,
      Object.values(row),
    );
  };

  it('knows every table: the list is not empty, and each is a tenant’s or an exception', () => {
    expect(tables.length).toBeGreaterThanOrEqual(9);
    for (const table of tables) expect(table.columns.map((column) => column.name)).toContain('tenant_id');
  });

  describe.each(SETTINGS)('with the setting %s', (what, settings) => {
    const seesOwn = what === 'another tenant' ? 1 : 0;

    it('reads nothing of theirs', async () => {
      for (const { name } of tables.filter((table) => may(table.name, 'select'))) {
        const found = await tried(settings(ours), async () => ({
          asked: (await app.query(`select from ${name} where tenant_id = $1`, [theirs])).rowCount,
          all: (await app.query(`select from ${name}`)).rowCount,
        }));
        expect([name, found]).toEqual([name, { asked: 0, all: seesOwn }]);
      }
    });

    it('changes and removes nothing of theirs', async () => {
      for (const { name } of tables) {
        for (const [privilege, sql] of [
          ['update', `update ${name} set tenant_id = tenant_id`],
          ['delete', `delete from ${name}`],
        ] as const) {
          if (!may(name, privilege)) continue;
          const asked = await tried(
            settings(ours),
            async () => (await app.query(`${sql} where tenant_id = $1`, [theirs])).rowCount,
          );
          expect([name, privilege, asked]).toEqual([name, privilege, 0]);
        }
        if (!may(name, 'update')) continue;
        const all = await tried(
          settings(ours),
          async () => (await app.query(`update ${name} set tenant_id = tenant_id`)).rowCount,
        );
        expect([name, all]).toEqual([name, seesOwn]);
      }
    });

    it('adds nothing to theirs', async () => {
      for (const table of tables.filter(({ name }) => may(name, 'insert'))) {
        const row = { ...rowFor(table, theirs, theirRows), tenant_id: theirs };
        await expect(tried(settings(ours), () => inserting(table, row))).rejects.toMatchObject({
          code: '42501',
          message: expect.stringContaining('row-level security'),
        });
      }
    });
  });

  it('adds to its own: the insert that is refused above is a sound one', async () => {
    for (const table of tables.filter(({ name }) => may(name, 'insert'))) {
      if (ONE_ROW_A_TENANT.includes(table.name)) continue; // And it is there.
      const row = { ...rowFor(table, ours, ourRows), tenant_id: ours };
      const added = await tried(`select set_config('app.tenant_id', '${ours}', true)`, () =>
        inserting(table, row),
      );
      expect([table.name, added.rowCount]).toEqual([table.name, 1]);
    }
  });

  it('moves no row of its own to another tenant', async () => {
    for (const { name } of tables.filter((table) => may(table.name, 'update'))) {
      const moving = tried(`select set_config('app.tenant_id', '${ours}', true)`, () =>
        app.query(`update ${name} set tenant_id = $1`, [theirs]),
      );
      await expect(moving).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('reaches no partition by its own name', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relispartition and c.relkind = 'r'`,
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const { name } of rows) {
      await expect(tried('select 1', () => app.query(`select from ${name}`))).rejects.toMatchObject({
        code: '42501',
      });
    }
  });
});

describe('a person’s rows and the app role', () => {
  const PERSONAL = Object.entries(EXCEPTIONS).flatMap(([name, one]) =>
    one.kind === 'personal' ? [[name, one.column] as const] : [],
  );
  let database: TestDatabase;
  let app: pg.Client;
  const rows = new Map<string, Row[]>();

  beforeAll(async () => {
    database = await testDatabase();
    const admin = await superuser(database);
    app = await connected(database.url);
    const tables = (await tablesOf(admin)).filter(({ name }) =>
      PERSONAL.some(([personal]) => personal === name),
    );
    for (const tenant of [newId('ten'), newId('ten')]) {
      for (const [name, row] of await fill(admin, tables, tenant))
        rows.set(name, [...(rows.get(name) ?? []), row]);
    }
    await admin.end();
  });
  afterAll(async () => {
    await app.end();
    await database.drop();
  });

  it.each(PERSONAL)('%s is read by its person alone', async (name, column) => {
    const [mine, other] = rows.get(name)!.map((row) => row[column]);
    const seen = async (setting: string) => {
      await app.query('begin');
      await app.query(`select set_config('app.user_id', $1, true)`, [setting]);
      const found = await app.query<Row>(`select * from ${name}`);
      await app.query('commit');
      return found.rows.map((row) => row[column]);
    };
    expect(await seen(String(mine))).toEqual([mine]);
    expect(await seen(String(other))).toEqual([other]);
    expect(await seen('')).toEqual([]);
    // The setting of the transaction before is gone.
    expect((await app.query(`select from ${name}`)).rowCount).toBe(0);
  });
});
