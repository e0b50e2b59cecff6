import type pg from 'pg';

/**
 * Everything that migrations can make, one sorted line each: what differs between two of these lists is what one
 * database has and the other has not. Without what PostgreSQL brings, and without the names of coming partitions.
 */
export async function catalogOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(CATALOG);
  return rows.map((row) => row.line);
}

const OURS = (oid: string) =>
  `(select nspname from pg_namespace where oid = ${oid}) !~ '^(pg_|information_schema$)'`;

const CATALOG = `
  select line from (
    select 'schema ' || nspname || ' ' || pg_get_userbyid(nspowner) || ' ' || coalesce(nspacl::text, '') as line
      from pg_namespace n where ${OURS('n.oid')}
    union all
    select 'relation ' || c.oid::regclass::text || ' ' || c.relkind::text || ' ' || pg_get_userbyid(c.relowner) || ' '
        || c.relrowsecurity || ' ' || c.relforcerowsecurity || ' ' || coalesce(c.relacl::text, '')
        || coalesce(' ' || pg_get_expr(c.relpartbound, c.oid), '')
      from pg_class c where ${OURS('c.relnamespace')}
    union all
    select 'column ' || a.attrelid::regclass::text || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
        || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
      from pg_attribute a join pg_class c on c.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm') and ${OURS('c.relnamespace')}
    union all
    select 'constraint ' || k.conrelid::regclass::text || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
      from pg_constraint k where k.conrelid <> 0 and ${OURS('k.connamespace')}
    union all
    select 'index ' || pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid where ${OURS('c.relnamespace')}
    union all
    select 'policy ' || p.polrelid::regclass::text || ' ' || p.polname || ' ' || p.polcmd::text || ' ' || p.polroles::regrole[]::text || ' '
        || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
      from pg_policy p
    union all
    select 'function ' || f.oid::regprocedure::text || ' ' || pg_get_userbyid(f.proowner) || ' ' || coalesce(f.proacl::text, '') || ' ' || md5(f.prosrc)
      from pg_proc f where ${OURS('f.pronamespace')}
    union all
    select 'type ' || t.oid::regtype::text || ' ' || t.typtype::text from pg_type t where ${OURS('t.typnamespace')}
    union all
    select 'trigger ' || g.tgrelid::regclass::text || ' ' || g.tgname from pg_trigger g where not g.tgisinternal
    union all
    select 'extension ' || e.extname from pg_extension e
    union all
    select 'default privilege ' || pg_get_userbyid(a.defaclrole) || ' ' || a.defaclacl::text from pg_default_acl a
  ) lines order by 1`;
