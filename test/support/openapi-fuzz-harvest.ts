import { tablesOf } from './openapi-fuzz-digest.js';
import type { Tenant } from './openapi-fuzz-world.js';
import { succeed } from './person.js';
import type { Product } from './product.js';

/** Ids of ours: a prefix and 26 characters. */
const ID = /\b[a-z]{2,6}_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g;

/** What names things of a tenant's. */
export interface Harvest {
  /** Every id in its rows, in whatever table, the names of its seats and devices and of its role. */
  all: string[];
  /** One of each kind: hundreds of the same kind are answered in the same way. */
  oneOfEach: string[];
}

/** Of `tenant`, without what is in the rows of `other`, too. */
export async function harvest(product: Product, tenant: Tenant, other: Tenant): Promise<Harvest> {
  const common = await idsOf(product, other);
  const ids = [...(await idsOf(product, tenant))].filter((id) => !common.has(id));
  const places = await placesOf(new URL(product.api.url), tenant);
  const kinds = new Map<string, string>();
  // Those first of which the tests know more: what they name is there, and not over.
  const known = Object.values(tenant).filter((one) => ids.includes(one as string)) as string[];
  for (const id of [...known, ...ids]) {
    const kind = id.split('_', 1)[0]!;
    if (!kinds.has(kind)) kinds.set(kind, id);
  }
  const names = [...places, tenant.role];
  return { all: [...ids, ...names], oneOfEach: [...kinds.values(), ...names] };
}

async function idsOf(product: Product, { tenantId, userId }: Tenant): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { name, scoped, personal } of await tablesOf(product)) {
    if (!scoped && !personal) continue;
    const rows = await product.query<{ row: string }>(
      `select t::text as row from ${name} t where ${scoped ? 'tenant_id' : 'user_id'} = $1`,
      [scoped ? tenantId : userId],
    );
    for (const { row } of rows) for (const id of row.match(ID) ?? []) ids.add(id);
  }
  return ids;
}

/** Their seat and its device, as the list of a licence's seats names them. */
async function placesOf(origin: URL, { accessToken: bearer, licenseId }: Tenant): Promise<string[]> {
  const { data } = await succeed<{ data: { id: string; device: string }[] }>(
    `${origin.origin}/api/v1/licenses/${licenseId}/seats`,
    { bearer },
  );
  return data.flatMap(({ id, device }) => [id, device]);
}
