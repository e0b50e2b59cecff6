import { isDeepStrictEqual } from 'node:util';
import type { ClientBase } from 'pg';
import { newId } from '#platform';
import { type Authorship, raiseCatalogue } from '../persistence/catalogue-editor.js';
import type { CatalogueFile } from './catalogue-file.js';

export interface CatalogueChange {
  /** Like `plan PRO`. */
  what: string;
  change: 'added' | 'changed' | 'kept';
}

interface Stored {
  flags: unknown;
  plans: Record<string, { name: string; aliases: string[]; terms: unknown }>;
  product: string | null;
}

/**
 * Brings the catalogue in the database to what the file says, inside the caller's transaction; the same file again
 * changes nothing. A plan that the file no longer names is kept: licences stand on it. Gives what changes;
 * `dryRun` changes nothing.
 */
export async function applyCatalogue(
  client: ClientBase,
  file: CatalogueFile,
  by: Authorship,
  { dryRun = false } = {},
): Promise<CatalogueChange[]> {
  const stored = await read(client);
  const changes = compare(stored, file);
  const said = changes.filter(({ change }) => change !== 'kept');
  if (said.length > 0 && !dryRun) {
    await write(client, file);
    await raiseCatalogue(
      client,
      by,
      said.map(({ what, change }) => `${what} ${change}`),
    );
  }
  return changes;
}

/** Locked, so that two deployments at once write one after the other. */
async function read(client: ClientBase): Promise<Stored> {
  // By itself: whoever waited for the lock has to read what the other wrote, and a statement sees what was there when it began.
  await client.query('select from licensing.catalogue for update');
  const { rows } = await client.query<Stored>(`
    select c.flags, p.code || ' ' || p.name as product,
      coalesce((select jsonb_object_agg(tier, jsonb_build_object('name', name, 'aliases', aliases, 'terms', terms))
        from licensing.plans), '{}') as plans
    from licensing.catalogue c left join licensing.products p on p.id = c.product_id`);
  return rows[0]!;
}

function compare(stored: Stored, file: CatalogueFile): CatalogueChange[] {
  const changes: CatalogueChange[] = [];
  for (const [tier, plan] of Object.entries(file.plans)) {
    const old = stored.plans[tier];
    if (!old) changes.push({ what: `plan ${tier}`, change: 'added' });
    else if (!isDeepStrictEqual(old, plan)) changes.push({ what: `plan ${tier}`, change: 'changed' });
  }
  for (const tier of Object.keys(stored.plans)) {
    if (!(tier in file.plans)) changes.push({ what: `plan ${tier}`, change: 'kept' });
  }
  if (!isDeepStrictEqual(stored.flags, file.flags)) changes.push({ what: 'flags', change: 'changed' });
  const product = `${file.product.code} ${file.product.name}`;
  if (stored.product !== product)
    changes.push({ what: `product ${file.product.code}`, change: stored.product ? 'changed' : 'added' });
  return changes;
}

async function write(client: ClientBase, file: CatalogueFile): Promise<void> {
  await client.query(
    `insert into licensing.products (id, code, name, created_at) values ($1, $2, $3, now())
     on conflict (code) do update set name = excluded.name`,
    [newId('prod'), file.product.code, file.product.name],
  );
  await client.query(
    `insert into licensing.plans (tier, name, aliases, terms)
     select key, value ->> 'name', array(select jsonb_array_elements_text(value -> 'aliases')), value -> 'terms'
     from jsonb_each($1::jsonb)
     on conflict (tier) do update set name = excluded.name, aliases = excluded.aliases, terms = excluded.terms`,
    [JSON.stringify(file.plans)],
  );
  await client.query(
    `update licensing.catalogue set flags = $1,
       product_id = (select id from licensing.products where code = $2)`,
    [JSON.stringify(file.flags), file.product.code],
  );
}
