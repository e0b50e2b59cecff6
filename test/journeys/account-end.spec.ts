import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { call, type ErrorBody, type RegisteredBody } from '../support/person.js';
import { reads, serviceAccountsOf } from '../support/service-accounts.js';
import { type Somebody, teamOf } from '../support/team.js';

/** On a busy machine. */
const LONG = 180_000;

const product = journeyProduct();
const team = teamOf(product);
const { ask, member, members } = team;

const remove = (who: Somebody) =>
  call<ErrorBody & { status: string }>(`${product.v1}/auth/me`, {
    method: 'DELETE',
    bearer: who.access_token,
    body: { email: who.user.email },
  });
const change = (by: Somebody, id: string, role: string) =>
  ask(by, `/tenant/members/${id}`, { method: 'PATCH', body: { role } });

describe('the end of an account (S2-42)', () => {
  it(
    'waits for another owner of what others are in, who is fit to be one',
    async () => {
      const owner = await team.owner();
      const heir = await member(owner, 'developer');
      const refused = await remove(owner);
      expect(refused).toMatchObject({ status: 409, body: { error: { code: 'LAST_OWNER' } } });
      const { id, name } = owner.tenant;
      expect(refused.body.error.details).toMatchObject({ organizations: [{ id, name }] });
      expect(await members(owner)).toHaveLength(2);

      await change(owner, heir.id, 'owner');
      await product.admin('users', 'suspend', heir.user_id, '--reason', 'Test.');
      expect((await remove(owner)).status).toBe(409);
      await product.admin('users', 'reactivate', heir.user_id, '--reason', 'Test.');
      expect((await remove(owner)).body).toEqual({ status: 'deleted' });
      const rows = await product.query<{ role: string; deletes_at: Date | null }>(
        `select role, deletes_at from tenancy.memberships join tenancy.tenants using (tenant_id) where tenant_id = $1`,
        [id],
      );
      expect(rows).toEqual([{ role: 'owner', deletes_at: null }]);
    },
    LONG,
  );

  it(
    'is that of what only they were in, after the days in which it can be taken back',
    async () => {
      const owner = await team.owner('FREE');
      expect((await remove(owner)).status).toBe(200);
      const [row] = await product.query<{ days: number; status: string }>(
        `select round(extract(epoch from deletes_at - deletion_asked_at) / 86400)::int as days, status
         from tenancy.tenants where tenant_id = $1`,
        [owner.tenant.id],
      );
      expect(row).toEqual({ days: 30, status: 'active' });
    },
    LONG,
  );

  it(
    'is that of their keys and sessions in every organisation, whatever the worker hears first',
    async () => {
      const [one, two] = [await team.owner(), await team.owner()];
      const admin = await member(one, 'admin');
      const body = { email: admin.email, role: 'admin' };
      await ask(two, '/tenant/invitations', { body });
      const token = await team.tokenTo(admin.email, 2);
      await ask(admin, '/invitations/accept', { body: { token } });
      const there = await ask<RegisteredBody>(admin, '/auth/switch', { body: { tenant_id: two.tenant.id } });
      const accounts = serviceAccountsOf(product.api.url, there.access_token);
      const { key } = await accounts.createKey((await accounts.create(['licenses:read'])).id);
      expect(await reads(product.api.url, key)).toBe(200);

      expect((await remove(admin)).status).toBe(200);
      await eventually(async () => {
        for (const bearer of [key, there.access_token, admin.access_token])
          expect(await reads(product.api.url, bearer)).toBe(401);
      });
      const { refresh_token } = there;
      const refreshed = await call<ErrorBody>(`${product.v1}/auth/refresh`, { body: { refresh_token } });
      expect(refreshed.status).toBe(401);
      const ends = await product.query<{ end_reason: string | null }>(
        'select end_reason from identity.auth_sessions where user_id = $1',
        [admin.user_id],
      );
      expect(ends.map((row) => row.end_reason)).toEqual(['account_deleted', 'account_deleted']);
      for (const owner of [one, two]) expect(await members(owner)).toHaveLength(1);
    },
    LONG,
  );
});
