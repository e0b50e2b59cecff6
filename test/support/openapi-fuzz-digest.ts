import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Product } from './product.js';

/** Whose things are looked at. */
export interface Whose {
  tenantId: string;
  userId: string;
  licenseId: string;
}

/**
 * Looks at all that the product keeps, or at all of one tenant's and its owner's, bound by no policy: a line for each
 * table and tenant, and for each key of their seats.
 */
export const digestOf = (product: Product, whose?: Whose): Promise<string[]> =>
  whose ? digestOfOne(product, whose) : digestOfAll(product);

async function digestOfAll(product: Product): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, scoped } of await tablesOf(product)) {
    // Attempts to sign in are recorded: that there was one is what it tells (S2-64).
    if (name === 'identity.user_login_events') continue;
    const tenant = scoped ? 'tenant_id::text' : `'nobody'`;
    const rows = await product.query<{ tenant: string; rows: string; hash: string }>(
      `select ${tenant} as tenant, ${HASH} from ${name} t group by 1 order by 1`,
    );
    lines.push(...rows.map((row) => `${name} of ${row.tenant}: ${row.rows} rows, ${row.hash}`));
  }
  return [...lines, ...(await digestOfSeats(product.redisClient(), 'seats:*'))];
}

/** Also rows that say nothing of a tenant and name the person: who they are, how they sign in, where they did. */
async function digestOfOne(product: Product, { tenantId, userId, licenseId }: Whose): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, scoped } of await tablesOf(product)) {
    const [row] = await product.query<{ rows: string; hash: string | null }>(
      `select ${HASH} from ${name} t where ${scoped ? 'tenant_id = $1' : 'strpos(t::text, $1) > 0'}`,
      [scoped ? tenantId : userId],
    );
    lines.push(`${name}: ${row?.rows} rows, ${row?.hash}`);
  }
  return [...lines, ...(await digestOfSeats(product.redisClient(), `seats:*:${licenseId}:*`))];
}

const HASH = `count(*) as rows, md5(string_agg(md5(t::text), '' order by md5(t::text))) as hash`;

async function digestOfSeats(redis: Redis, pattern: string): Promise<string[]> {
  // What a licence allows is read from Postgres again when somebody names it, and follows that: it is no pool.
  const keys = (await redis.keys(pattern)).filter((key) => !key.endsWith(':policy')).sort();
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return keys.map((key, at) => `${key}: ${createHash('sha256').update(dumps[at]!).digest('hex')}`);
}

/** Every table of ours, as the catalogue has them, and whether its rows say whose they are. */
export const tablesOf = (product: Product): Promise<{ name: string; scoped: boolean; personal: boolean }[]> =>
  product.query(TABLES);

const TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name,
         exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as scoped,
         exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id') as personal
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  order by 1`;
