import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestDatabase } from './database.js';

export interface Column {
  name: string;
  /** As PostgreSQL writes it: `timestamp with time zone`, `text[]`. */
  type: string;
  /** The first value that a check of this column lets pass, when it lists them. */
  allowed: string | null;
}

export interface ForeignKey {
  /** `schema.table` */
  to: string;
  columns: string[];
  referenced: string[];
}

export interface Table {
  /** `schema.table` */
  name: string;
  columns: Column[];
  foreignKeys: ForeignKey[];
}

export type Row = Record<string, unknown>;

/** Connects to the test's database as a superuser, whom no policy binds. The caller ends it. */
export const superuser = (database: TestDatabase): Promise<pg.Client> => connected(database.superuserUrl);

/** The caller ends it. */
export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A database that is dropped under a test that failed must not end the whole run.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Every table of ours but partitions, each after those that it refers to. */
export async function tablesOf(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(TABLES);
  const sorted: Table[] = [];
  const pending = [...rows];
  while (pending.length > 0) {
    const known = new Set(sorted.map((table) => table.name));
    const next = pending.findIndex((table) =>
      table.foreignKeys.every(({ to }) => to === table.name || known.has(to)),
    );
    if (next < 0)
      throw new Error(
        `These tables refer to each other in a circle: ${pending.map((one) => one.name).join(', ')}`,
      );
    sorted.push(...pending.splice(next, 1));
  }
  return sorted;
}

/**
 * One row in each of `tables` for one tenant, with something in every column; gives the rows by table. New tables
 * are filled without a word here, as long as their checks list what they allow.
 */
export async function fill(
  client: pg.Client,
  tables: readonly Table[],
  tenantId: string,
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (const table of tables) {
    const row = rowFor(table, tenantId, rows);
    const names = Object.keys(row);
    await client.query(
      `insert into ${table.name} (${names.map(quoted).join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
    rows.set(table.name, row);
  }
  return rows;
}

/** A row that the table takes. `others` holds those that it refers to. */
export function rowFor(table: Table, tenantId: string, others: ReadonlyMap<string, Row>): Row {
  const row: Row = Object.fromEntries(table.columns.map((column) => [column.name, valueFor(column)]));
  for (const { to, columns, referenced } of table.foreignKeys) {
    columns.forEach((column, index) => (row[column] = others.get(to)?.[referenced[index]!]));
  }
  if ('tenant_id' in row) return { ...row, tenant_id: tenantId };
  // Nothing but its key tells the rows of such a table apart.
  for (const { name, type } of table.columns) if (type === 'smallint') row[name] = ++filled;
  return row;
}

let filled = 0;

export const quoted = (name: string) => pg.escapeIdentifier(name);

function valueFor({ name, type, allowed }: Column): unknown {
  if (allowed !== null) return allowed;
  switch (type) {
    case 'text':
      return `${name}-${randomBytes(6).toString('hex')}`;
    // Of some it is the key.
    case 'integer':
    case 'bigint':
      return ++filled;
    case 'smallint':
      return 1;
    case 'boolean':
      return true;
    case 'timestamp with time zone':
      return new Date();
    case 'jsonb':
      return '{}';
    case 'bytea':
      return randomBytes(16);
    case 'text[]':
      return ['one'];
    default:
      throw new Error(`No test has yet filled a column of type ${type}; say here with what.`);
  }
}

const TABLES = `
  select n.nspname || '.' || c.relname as name,
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'allowed', (
        select (regexp_match(pg_get_constraintdef(k.oid), '''([^'']*)'''))[1] from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum] limit 1)) order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    coalesce((select json_agg(json_build_object(
        'to', fn.nspname || '.' || fc.relname,
        'columns', (select json_agg(a.attname order by i) from unnest(k.conkey) with ordinality u(num, i)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
        'referenced', (select json_agg(a.attname order by i) from unnest(k.confkey) with ordinality u(num, i)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num)))
      from pg_constraint k join pg_class fc on fc.oid = k.confrelid join pg_namespace fn on fn.oid = fc.relnamespace
      where k.conrelid = c.oid and k.contype = 'f'), '[]') as "foreignKeys"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema$|public$)'
  order by 1`;
