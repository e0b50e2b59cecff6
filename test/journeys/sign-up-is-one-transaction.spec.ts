import { journeyProduct } from '../support/journey.js';
import {
  call,
  type ErrorBody,
  newEmail,
  type RegisteredBody,
  signInWithGoogle,
  succeed,
} from '../support/person.js';

const product = journeyProduct();

// What the worker tells of earlier sign-ups must not be counted with this one.
beforeAll(async () => void (await product.worker.stop()));

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
    const rows = await product.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    counts[table] = rows[0]?.n ?? -1;
  }
  return counts;
}

describe('a sign-up (S1-14)', () => {
  it.each(STEPS)('leaves nothing when %s cannot be written', async (table) => {
    const register = `${product.v1}/auth/register`;
    const bearer = await signInWithGoogle(newEmail());
    const body = { organization_name: `Without ${table}` };
    const before = await rowsEverywhere();

    // The owner, too: a trigger of the owner's writes where a person is a member.
    await product.query(`revoke insert on ${table} from gatehouse_app, gatehouse_owner`);
    try {
      const failed = await call<ErrorBody>(register, { bearer, body });
      expect([failed.status, failed.body.error.code]).toEqual([500, 'INTERNAL']);
      expect(JSON.stringify(failed.body)).not.toContain(table.split('.')[1]);
      expect(await rowsEverywhere()).toEqual(before);
    } finally {
      await product.query(`grant insert on ${table} to gatehouse_app, gatehouse_owner`);
    }
    const made = await succeed<RegisteredBody>(register, { bearer, body });
    expect(made.tenant.name).toBe(body.organization_name);
  });
});
