import pg from 'pg';
import {
  call,
  type ErrorBody,
  newEmail,
  type RegisteredBody,
  signInWithGoogle,
  succeed,
} from '../support/person.js';
import { type Product, startProduct } from '../support/product.js';

let product: Product;
let admin: pg.Client;

beforeAll(async () => {
  product = await startProduct();
  // What the worker tells of earlier sign-ups must not be counted with this one.
  await product.worker.stop();
  admin = new pg.Client({ connectionString: inDatabase(product.database.adminUrl, product.database.url) });
  await admin.connect();
}, 60_000);

afterAll(async () => {
  await admin?.end();
  await product?.stop();
}, 60_000);

function inDatabase(adminUrl: string, url: string): string {
  const own = new URL(adminUrl);
  own.pathname = new URL(url).pathname;
  return own.href;
}

/** The rooms that a sign-up writes to; each fails once. */
const STEPS = [
  'identity.identities',
  'identity.linked_identities',
  'identity.users',
  'tenancy.slugs',
  'tenancy.tenants',
  'tenancy.memberships',
  'tenancy.user_tenants',
  'licensing.licenses',
  'licensing.license_keys',
  'identity.auth_sessions',
  'identity.refresh_tokens',
  'platform.outbox',
];

async function rowsEverywhere(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of STEPS) {
    const { rows } = await admin.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    counts[table] = rows[0]?.n ?? -1;
  }
  return counts;
}

describe('a sign-up (S1-14)', () => {
  it.each(STEPS)('leaves nothing when %s cannot be written', async (table) => {
    const register = `${product.api.url}/api/v1/auth/register`;
    const bearer = await signInWithGoogle(newEmail());
    const body = { organization_name: `Without ${table}` };
    const before = await rowsEverywhere();

    await admin.query(`revoke insert on ${table} from gatehouse_app`);
    try {
      const failed = await call<ErrorBody>(register, { bearer, body });
      expect([failed.status, failed.body.error.code]).toEqual([500, 'INTERNAL']);
      expect(JSON.stringify(failed.body)).not.toContain(table.split('.')[1]);
      expect(await rowsEverywhere()).toEqual(before);
    } finally {
      await admin.query(`grant insert on ${table} to gatehouse_app`);
    }
    const made = await succeed<RegisteredBody>(register, { bearer, body });
    expect(made.tenant.name).toBe(body.organization_name);
  });
});
