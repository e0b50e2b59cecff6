import { createHash } from 'node:crypto';
import type { Product } from './product.js';

/** Every table that holds rows of tenants, read from the catalogue: also those of contexts that come later. */
async function tenantTables({ query }: Product): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema$|public$)' order by 1`,
  );
  return rows.map((row) => row.name);
}

/** How many rows of a tenant each table holds; tables without any are left out. */
export async function rowsOf(product: Product, tenantId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of await tenantTables(product)) {
    const [row] = await product.query<{ n: number }>(
      `select count(*)::int as n from ${table} where tenant_id = $1`,
      [tenantId],
    );
    if (row?.n) counts[table] = row.n;
  }
  return counts;
}

/** A line for each table, which changes when any row of the tenant in it does. */
export async function digestOf(product: Product, tenantId: string): Promise<string[]> {
  const lines: string[] = [];
  for (const table of await tenantTables(product)) {
    const rows = await product.query<{ row: string }>(
      `select t::text as row from ${table} t where tenant_id = $1 order by 1`,
      [tenantId],
    );
    const hash = createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16);
    lines.push(`${table} ${rows.length} ${hash}`);
  }
  return lines;
}
