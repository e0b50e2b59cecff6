import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Migrator, newId } from '#platform';
import { MIGRATIONS } from '../../migrations/index.js';
import { emptyDatabase, type TestDatabase } from '../support/database.js';
import { INHERITED } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { fill, quoted, type Row, rowFor, superuser, tablesOf } from '../support/tables.js';
import { catalogOf } from './catalog.js';

const NAMES = MIGRATIONS.map((one) => one.name);

let database: TestDatabase;
let admin: pg.Client;

beforeEach(async () => {
  database = await emptyDatabase();
  admin = await superuser(database);
});
afterEach(async () => {
  await admin.end();
  await database.drop();
});

type Rows = Record<string, unknown>[];

/** Migrations write these rows themselves: the lists of the upkeep and of what is erased, and the catalogue's one row. */
const SEEDED = ['platform.partitioned', 'platform.erasure_rules', 'licensing.catalogue'];

/** What is in each table that has rows. */
async function contents(): Promise<Map<string, Rows>> {
  const found = new Map<string, Rows>();
  for (const { name } of await filledTables()) {
    const { rows } = await admin.query<{ row: Rows[number] }>(
      `select to_jsonb(t) as row from ${name} t order by t::text`,
    );
    if (rows.length > 0)
      found.set(
        name,
        rows.map(({ row }) => row),
      );
  }
  return found;
}

const filledTables = async () => (await tablesOf(admin)).filter(({ name }) => !SEEDED.includes(name));

/** The rows with the columns that `like` has, too: a migration may bring a column or take one back, and leave the table. */
const narrowed = (rows: Rows | undefined, like: Rows | undefined) =>
  rows?.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([column]) => column in (like?.[0] ?? {}))),
  );

/** A row with something in every column, and what `row` says. */
async function insert(name: string, tenantId: string, row: Row): Promise<void> {
  const table = (await filledTables()).find((one) => one.name === name)!;
  const whole = { ...rowFor(table, tenantId, new Map()), ...row };
  await admin.query(
    `insert into ${name} (${Object.keys(whole).map(quoted).join(', ')})
     values (${Object.keys(whole)
       .map((_, at) => `$${at + 1}`)
       .join(', ')})`,
    Object.values(whole),
  );
}

/** As if the migrations from `name` on had not come yet. */
const upTo = (name: string) =>
  new Migrator(database.migratorUrl, MIGRATIONS.slice(0, NAMES.indexOf(name))).up();

/** Exactly one row in each table. */
async function fillAnew(): Promise<void> {
  const tables = await filledTables();
  await admin.query('begin');
  for (const { name } of [...tables].reverse()) await admin.query(`delete from ${name}`);
  await fill(admin, tables, newId('ten'));
  await admin.query('commit');
}

describe('the migrations (S2-07)', () => {
  it('are one line that names every file', () => {
    const files = readdirSync(join(process.cwd(), 'migrations')).filter((file) => /^\d/.test(file));
    const stamps = files.map((file) => file.slice(0, 13)).sort();
    expect(NAMES.map((name) => name.slice(-13))).toEqual(stamps);
    expect(new Set(stamps).size).toBe(stamps.length);
  });

  it('go up, down one by one over rows, and up again, and leave nothing behind', async () => {
    const migrator = new Migrator(database.migratorUrl, MIGRATIONS);
    // With none applied: only the table that remembers so.
    const at: string[][] = [];
    for (let applied = 0; applied <= MIGRATIONS.length; applied++) {
      await new Migrator(database.migratorUrl, MIGRATIONS.slice(0, applied)).up();
      at[applied] = await catalogOf(admin);
    }
    await fillAnew();
    const full = await contents();
    expect([...full.keys()].sort()).toEqual((await filledTables()).map(({ name }) => name).sort());

    for (let left = MIGRATIONS.length - 1; left >= 0; left--) {
      expect(await migrator.down(1)).toEqual([NAMES[left]]);
      expect(await catalogOf(admin)).toEqual(at[left]);
      const kept = await contents();
      // No table that is left has lost a row, and no row anything but a column that went.
      expect([...kept.keys()].sort()).toEqual((await filledTables()).map(({ name }) => name).sort());
      for (const [table, rows] of kept)
        expect([table, narrowed(rows, full.get(table))]).toEqual([table, narrowed(full.get(table), rows)]);

      expect(await new Migrator(database.migratorUrl, MIGRATIONS.slice(0, left + 1)).up()).toEqual([
        NAMES[left],
      ]);
      expect(await catalogOf(admin)).toEqual(at[left + 1]);
      const after = await contents();
      for (const [table, rows] of kept)
        expect([table, narrowed(rows, after.get(table))]).toEqual([table, narrowed(after.get(table), rows)]);
      await migrator.down(1);
    }

    expect(await filledTables()).toEqual([]);
    expect(await migrator.up()).toEqual(NAMES);
    expect(await catalogOf(admin)).toEqual(at.at(-1));
  }, 300_000);

  it('bring a database that ran one of them before it was changed to where all others are', async () => {
    await upTo('RepairsOfLanded1764000000161');
    await admin.query('alter table identity.auth_sessions drop column root_id, drop column for_program');
    await new Migrator(database.migratorUrl, MIGRATIONS).up();

    const other = await emptyDatabase();
    const fresh = await superuser(other);
    try {
      await new Migrator(other.migratorUrl, MIGRATIONS).up();
      expect(await catalogOf(admin)).toEqual(await catalogOf(fresh));
      const { rows } = await fresh.query<{ text: string }>(
        "select pg_get_functiondef('platform.erase_tenant_rows'::regproc) as text",
      );
      expect(rows[0]!.text).toContain(' limit $2 for update))');
    } finally {
      await fresh.end();
      await other.drop();
    }
  });

  it('are applied once when two deployments start them at the same time', async () => {
    const run = promisify(execFile);
    const deploy = () =>
      run(process.execPath, [join(process.cwd(), 'dist/apps/cli/main.js'), 'migrate', 'up'], {
        env: { ...INHERITED, ENV: 'test', DATABASE_MIGRATOR_URL: database.migratorUrl },
      });
    const said = (await Promise.all([deploy(), deploy()])).flatMap((one) => one.stdout.trim().split('\n'));
    // The catalogue, too: who has to wait finds it there.
    const plans = ['ENTERPRISE', 'FREE', 'PRO', 'TEAM'].map((tier) => `Plans: plan ${tier} added`);
    expect(said.sort()).toEqual(
      [
        `Applied: ${NAMES.join(', ')}`,
        'Nothing to do.',
        'Plans: flags changed',
        ...plans,
        'Plans: product gatehouse added',
      ].sort(),
    );
    const { rows } = await admin.query<{ name: string }>('select name from public.migrations order by id');
    expect(rows.map((row) => row.name)).toEqual(NAMES);
  });

  it('that fail leave those before them, and nothing of their own', async () => {
    class Broken1999999999999 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        await runner.query('create schema half_done; create table half_done.things (id int)');
        await runner.query('select no_such_function()');
      }
      async down(): Promise<void> {}
    }
    await expect(
      new Migrator(database.migratorUrl, [...MIGRATIONS, Broken1999999999999]).up(),
    ).rejects.toThrow('no_such_function');
    const { rows } = await admin.query(
      `select to_regnamespace('half_done') as left_over, count(*)::int as applied from public.migrations`,
    );
    expect(rows).toEqual([{ left_over: null, applied: MIGRATIONS.length }]);
    expect(await new Migrator(database.migratorUrl, MIGRATIONS).up()).toEqual([]);
  });

  it('that get no lock in time fail before all others wait behind them; another deployment is waited for', async () => {
    class Late1999999999999 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        await runner.query('alter table tenancy.tenants add column late int');
      }
      async down(): Promise<void> {}
    }
    await new Migrator(database.migratorUrl, MIGRATIONS).up();
    const migrator = new Migrator(database.migratorUrl, [...MIGRATIONS, Late1999999999999], 100);
    await admin.query('begin; lock table tenancy.tenants in access share mode');
    await expect(migrator.up()).rejects.toThrow('lock timeout');
    await admin.query('commit');

    await admin.query('select pg_advisory_lock(7264811)');
    const waiting = migrator.up();
    waiting.catch(() => undefined);
    await eventually(async () => {
      const { rows } = await admin.query(
        `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'
         and now() - query_start > interval '0.5 s'`,
      );
      expect(rows).toHaveLength(1);
    });
    await admin.query('select pg_advisory_unlock(7264811)');
    expect(await waiting).toEqual(['Late1999999999999']);
  });

  it('write into rows from before what they lack', async () => {
    await upTo('StreamWords1764000000170');
    const [ten, other] = [newId('ten'), newId('ten')];
    const told = (position: number, kind: string, data: object) =>
      insert('billing.stream_events', ten, { position, kind, data: JSON.stringify(data) });
    await told(1, 'license.changed', {});
    await told(2, 'subscription.changed', { period_end: null });
    await told(3, 'license.changed', {});
    await told(4, 'notice.raised', { kind: 'recovered' });
    await told(5, 'license.changed', {});
    await told(6, 'subscription.changed', { period_ends_at: null });
    await told(7, 'notice.raised', { access: 'full' });
    const license = (tenantId: string, id: string, purchase: object | null, follows: boolean) =>
      insert('licensing.licenses', tenantId, { id, purchase, follows_purchase: follows });
    await license(ten, 'lic_1', null, false);
    await license(ten, 'lic_2', { revision: 1 }, false);
    await license(other, 'lic_3', null, false);
    await license(other, 'lic_4', null, true);
    const event = (id: string, tenantId: string | null) =>
      insert('billing.stripe_events', ten, {
        ...{ id, tenant_id: tenantId, customer_id: null, payload: '{"customer":"cus_A1","other":"cus_B2"}' },
      });
    await event('evt_1', null);
    await event('evt_2', ten);

    await new Migrator(database.migratorUrl, MIGRATIONS).up();

    const column = async (text: string) =>
      (await admin.query<{ it: unknown }>(text)).rows.map(({ it }) => it);
    expect(await column('select position::int as it from billing.stream_events order by 1')).toEqual([
      5, 6, 7,
    ]);
    expect(await column('select id as it from licensing.licenses where follows_purchase order by 1')).toEqual(
      [...['lic_2', 'lic_4']],
    );
    expect(await column('select customer_id as it from billing.stripe_events order by id')).toEqual([
      ...['cus_A1', null],
    ]);
  });

  it('may change rows of every tenant, though row security is forced', async () => {
    class Backfill1999999999999 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        for (const { name, columns } of tables) {
          const column = quoted(columns[0]!.name);
          const [, count] = (await runner.query(`update ${name} set ${column} = ${column}`)) as [
            unknown[],
            number,
          ];
          updated.set(name, count);
        }
      }
      async down(): Promise<void> {}
    }
    await new Migrator(database.migratorUrl, MIGRATIONS).up();
    const tables = await filledTables();
    const updated = new Map<string, number>();
    await fill(admin, tables, newId('ten'));
    await fill(admin, tables, newId('ten'));
    // Without the owner's own policy this is what would happen: no error, and no row.
    await admin.query('drop policy gatehouse_owner on tenancy.slugs');

    await new Migrator(database.migratorUrl, [...MIGRATIONS, Backfill1999999999999]).up();

    // A trigger has added those of the memberships to those that were filled.
    const others: Record<string, number> = { 'tenancy.slugs': 0, 'tenancy.user_tenants': 4 };
    const wanted = tables.map(({ name }) => [name, others[name] ?? 2]);
    expect([...updated]).toEqual(wanted);
  });
});
