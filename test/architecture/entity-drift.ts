import type { ColumnType, DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

interface DbColumn {
  name: string;
  type: string;
  nullable: boolean;
  default: string | null;
}

/** Names that TypeORM and SQL give the same types. */
const SAME: Readonly<Record<string, string>> = {
  int: 'integer',
  int4: 'integer',
  bool: 'boolean',
  timestamptz: 'timestamp with time zone',
  varchar: 'character varying',
};

/**
 * A sentence for each difference between the entities of `source` and the tables they name: columns that only one
 * side has, types, nullability, defaults, primary keys. Tables without an entity are nobody's fault.
 */
export async function entityDrift(source: DataSource): Promise<string[]> {
  const faults: string[] = [];
  for (const entity of source.entityMetadatas) faults.push(...(await driftOf(source, entity)));
  return faults;
}

async function driftOf(source: DataSource, entity: EntityMetadata): Promise<string[]> {
  const [schema, table] = [entity.schema, entity.tableName];
  const inTable = await source.query<DbColumn[]>(COLUMNS, [schema, table]);
  if (inTable.length === 0) return [`${entity.name}: there is no table ${schema}.${table}.`];
  const at = `${schema}.${table}`;

  const declared = new Map(entity.columns.map((column) => [column.databaseName, column]));
  const faults = inTable
    .filter((column) => !declared.has(column.name))
    .map((column) => `${at}.${column.name}: ${entity.name} has no such column.`);
  for (const column of entity.columns) {
    const real = inTable.find((one) => one.name === column.databaseName);
    if (!real) faults.push(`${at}.${column.databaseName}: ${entity.name} has it, the table has not.`);
    else faults.push(...differences(column, real).map((what) => `${at}.${real.name}: ${what}`));
  }

  const key = (await source.query<{ name: string }[]>(PRIMARY_KEY, [schema, table])).map((row) => row.name);
  const declaredKey = entity.primaryColumns.map((column) => column.databaseName);
  if (key.join() !== declaredKey.join())
    faults.push(`${at}: the key is (${key}), ${entity.name} says (${declaredKey}).`);
  return faults;
}

function differences(column: ColumnMetadata, real: DbColumn): string[] {
  const type = sqlType(column.type) + (column.isArray ? '[]' : '');
  const byDefault = sqlDefault(column.default);
  return [
    ...(type === real.type ? [] : [`it is ${real.type}, the entity says ${type}.`]),
    ...(column.isNullable === real.nullable
      ? []
      : [`it may ${real.nullable ? '' : 'not '}be null, the entity says otherwise.`]),
    ...(byDefault === real.default ? [] : [`its default is ${real.default}, the entity says ${byDefault}.`]),
  ];
}

function sqlType(type: ColumnType): string {
  const name = typeof type === 'string' ? type : type.name.toLowerCase();
  return SAME[name] ?? name;
}

function sqlDefault(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'function' ? String((value as () => string)()) : String(value);
}

const COLUMNS = `
  select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
    -- 'FREE'::text is what PostgreSQL makes of a plain FREE.
    regexp_replace(pg_get_expr(d.adbin, d.adrelid), '^''(.*)''::[a-z ]+$', '\\1') as default
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = to_regclass(format('%I.%I', $1::text, $2::text)) and a.attnum > 0 and not a.attisdropped
  order by a.attnum`;

const PRIMARY_KEY = `
  select a.attname as name from pg_constraint k, unnest(k.conkey) with ordinality u(num, i), pg_attribute a
  where k.conrelid = to_regclass(format('%I.%I', $1::text, $2::text)) and k.contype = 'p'
    and a.attrelid = k.conrelid and a.attnum = u.num order by i`;
