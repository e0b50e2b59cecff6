import type pg from 'pg';
import { isExported, type TenantRecord } from '#platform';
import { TENANT_RECORDS } from '../../apps/worker/tenant-records.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { superuser, type Table, tablesOf } from '../support/tables.js';

/** Which tenants are gone: what stays of them. */
const TOMBSTONES = 'platform.closed_tenants';

/** A sentence for each table or column that nobody has decided about, and for each that is decided about in vain. */
function faultsOf(
  records: readonly TenantRecord[],
  tables: readonly Table[],
  keys: ReadonlyMap<string, string[]>,
): string[] {
  const faults: string[] = [];
  const ours = tables.filter(({ name, columns }) => name !== TOMBSTONES && columns.some(isTenantId));
  for (const { name } of ours) {
    const found = records.filter((one) => one.table === name).length;
    if (found !== 1) faults.push(`${name}: it is declared ${found} times; say what of it is exported.`);
  }
  records.forEach((record, at) => {
    const table = ours.find(({ name }) => name === record.table);
    if (!table) return void faults.push(`${record.table}: no table of tenants has that name.`);
    const earlier = new Set(records.slice(0, at).map((one) => one.table));
    faults.push(
      ...table.foreignKeys
        .filter(({ to }) => to !== table.name && !earlier.has(to))
        .map(({ to }) => `${table.name}: it refers to ${to} and has to stand after it, or cannot be erased.`),
    );
    if (!isExported(record)) {
      if (record.withheld.length < 10) faults.push(`${table.name}: it does not say why it is withheld.`);
      return;
    }
    faults.push(...columnFaults(record, table), ...keyFaults(record, keys.get(table.name) ?? []));
  });
  return faults;
}

const isTenantId = ({ name }: { name: string }) => name === 'tenant_id';

function columnFaults(record: Extract<TenantRecord, { kind: string }>, table: Table): string[] {
  const withheld = Object.keys(record.withheld ?? {});
  const declared = [...record.columns, ...withheld];
  const there = table.columns.map((column) => column.name).filter((name) => name !== 'tenant_id');
  return [
    ...there
      .filter((name) => !declared.includes(name))
      .map((name) => `${table.name}.${name}: it is neither exported nor withheld.`),
    ...declared
      .filter((name) => !there.includes(name))
      .map((name) => `${table.name}.${name}: there is no such column.`),
    ...withheld
      .filter((name) => record.columns.includes(name))
      .map((name) => `${table.name}.${name}: it is exported and withheld.`),
    ...Object.entries(record.withheld ?? {})
      .filter(([, why]) => why.length < 10)
      .map(([name]) => `${table.name}.${name}: it does not say why it is withheld.`),
  ];
}

const keyFaults = ({ table, key }: Extract<TenantRecord, { kind: string }>, real: readonly string[]) =>
  key.join() === real.slice(1).join()
    ? []
    : [`${table}: its key is ${real.slice(1).join()}, not ${key.join()}.`];

describe('what tenants take along', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  let tables: Table[];
  let keys: Map<string, string[]>;

  beforeAll(async () => {
    database = await testDatabase();
    admin = await superuser(database);
    tables = await tablesOf(admin);
    const { rows } = await admin.query<{ table: string; columns: string[] }>(
      `select n.nspname || '.' || c.relname as table,
         (select json_agg(a.attname order by i) from unnest(k.conkey) with ordinality u(num, i)
           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num) as columns
       from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
       where k.contype = 'p'`,
    );
    keys = new Map(rows.map((row) => [row.table, row.columns]));
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });

  it('is decided for every table that holds rows of tenants, and every column of it', () => {
    expect(TENANT_RECORDS.length).toBeGreaterThan(20);
    expect(faultsOf(TENANT_RECORDS, tables, keys)).toEqual([]);
  });

  it('is told in lines of different kinds', () => {
    const kinds = TENANT_RECORDS.filter(isExported).map((record) => record.kind);
    expect(new Set([...kinds, 'export', 'person']).size).toBe(kinds.length + 2);
  });

  it('would be missed for a new table, a new column, and one that nobody exports or erases in order', async () => {
    await admin.query(`
      create table licensing.planted (tenant_id text, id text, primary key (tenant_id, id));
      alter table tenancy.memberships add planted text`);
    const found = faultsOf(
      [...TENANT_RECORDS].reverse(),
      await tablesOf(admin),
      new Map(keys).set('identity.auth_sessions', ['tenant_id', 'user_id', 'id']),
    );
    expect(found).toEqual(
      expect.arrayContaining([
        'licensing.planted: it is declared 0 times; say what of it is exported.',
        'tenancy.memberships.planted: it is neither exported nor withheld.',
        'tenancy.memberships: it refers to tenancy.tenants and has to stand after it, or cannot be erased.',
        'identity.auth_sessions: its key is user_id,id, not id.',
      ]),
    );
  });
});
