import { aged } from '../support/aged-session.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo } from '../support/mail.js';
import { joins } from '../support/memberships.js';
import { promised } from '../support/patience.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  refusal,
  type SeatBody,
  succeed,
} from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import { type ApiKeyBody, reads, serviceAccountsOf } from '../support/service-accounts.js';
import { type MemberBody, type Somebody, teamOf } from '../support/team.js';

/** What ends is refused by every process within two seconds. */
const WITHIN_MS = promised(2_000);
const product = journeyProduct();
const team = teamOf(product);
const { ask, refused, member, members, refreshed } = team;

let other: ProductProcess;
beforeAll(async () => void (other = await product.startApi()));

/** Every API process answers a bearer so. */
async function everywhere(bearer: string, status: number): Promise<void> {
  for (const api of [product.api.url, other.url]) expect(await reads(api, bearer)).toBe(status);
}
const roleOf = (role: string) => ({ method: 'PATCH', body: { role } });

describe('a company of three (S1-27, S2-42)', () => {
  let owner: Somebody;
  let admin: Somebody & MemberBody;
  let viewer: Somebody & MemberBody;
  beforeAll(async () => {
    owner = await team.owner();
    [admin, viewer] = [await member(owner, 'admin'), await member(owner, 'viewer')];
  });

  it('shows each who they are and what they may, from the one table', async () => {
    const me = (who: Somebody) => ask<{ role: string; scopes: string[] }>(who, '/auth/me');
    expect((await me(owner)).scopes).toEqual(expect.arrayContaining(['tenant:transfer', 'roles:manage']));
    const { role, scopes } = await me(admin);
    expect(role).toBe('admin');
    expect(scopes).toEqual(expect.arrayContaining(['members:invite', 'commands:execute']));
    expect(scopes).not.toContain('tenant:transfer');
    expect((await me(viewer)).scopes).toEqual(['licenses:read', 'tenant:read', 'sync:read']);
  });

  it('lists its people to who may see them, page by page', async () => {
    const all = await members(admin);
    expect(all.map(({ email, role }) => [email, role])).toEqual([
      [owner.user.email, 'owner'],
      [admin.email, 'admin'],
      [viewer.email, 'viewer'],
    ]);
    const first = await ask<{ data: MemberBody[]; next_cursor: string }>(owner, '/tenant/members?limit=2');
    expect(first.data).toEqual(all.slice(0, 2));
    const path = `/tenant/members?limit=2&cursor=${first.next_cursor}`;
    expect(await ask(owner, path)).toEqual({ data: all.slice(2), next_cursor: null });
  });

  it('refuses each what is not theirs', async () => {
    const ownerId = (await members(owner)).find((one) => one.role === 'owner')!.id;
    const email = newEmail();
    for (const [who, path, options, code] of [
      [viewer, '/tenant/members', {}, 'MISSING_SCOPE'],
      [viewer, '/tenant/invitations', { body: { email, role: 'viewer' } }, 'MISSING_SCOPE'],
      [viewer, '/tenant/invitations', {}, 'MISSING_SCOPE'],
      [viewer, '/tenant', { method: 'PATCH', body: { name: 'Mine' } }, 'MISSING_SCOPE'],
      [viewer, '/tenant/settings', { method: 'PATCH', body: { retention_days: 90 } }, 'MISSING_SCOPE'],
      [viewer, `/tenant/members/${admin.id}`, roleOf('viewer'), 'MISSING_SCOPE'],
      [viewer, `/tenant/members/${admin.id}`, { method: 'DELETE' }, 'MISSING_SCOPE'],
      [viewer, '/tenant/roles', { body: { name: 'mine', scopes: ['tenant:read'] } }, 'MISSING_SCOPE'],
      [viewer, '/audit', {}, 'MISSING_SCOPE'],
      [admin, '/tenant/transfer', { body: { membership_id: viewer.id } }, 'MISSING_SCOPE'],
      [admin, '/tenant/invitations', { body: { email, role: 'owner' } }, 'ROLE_ABOVE_OWN'],
      [admin, '/tenant/invitations', { body: { email, role: 'billing' } }, 'ROLE_ABOVE_OWN'],
      [admin, `/tenant/members/${viewer.id}`, roleOf('owner'), 'ROLE_ABOVE_OWN'],
      [admin, `/tenant/members/${admin.id}`, roleOf('owner'), 'ROLE_ABOVE_OWN'],
      [admin, `/tenant/members/${ownerId}`, roleOf('viewer'), 'ROLE_ABOVE_OWN'],
      [admin, `/tenant/members/${ownerId}`, { method: 'DELETE' }, 'ROLE_ABOVE_OWN'],
    ] as const)
      expect([path, ...(await refused(who, path, options))]).toEqual([path, 403, code]);
    expect(await members(owner)).toHaveLength(3);
  });

  it('keeps its last owner, and knows only its own people', async () => {
    const ownerId = (await members(owner)).find((one) => one.role === 'owner')!.id;
    const stranger = await team.owner('FREE');
    const [theirs] = await members(stranger);
    for (const [path, options, answer] of [
      ['/tenant/leave', { method: 'POST' }, [409, 'LAST_OWNER']],
      [`/tenant/members/${ownerId}`, roleOf('admin'), [409, 'LAST_OWNER']],
      [`/tenant/members/${ownerId}`, { method: 'DELETE' }, [409, 'LAST_OWNER']],
      [`/tenant/members/${theirs!.id}`, roleOf('viewer'), [404, 'NOT_FOUND']],
      [`/tenant/members/${theirs!.id}`, { method: 'DELETE' }, [404, 'NOT_FOUND']],
      [`/tenant/members/${viewer.id}`, roleOf('nobody'), [404, 'NOT_FOUND']],
      [`/tenant/members/${viewer.id}`, roleOf('No Role'), [422, 'VALIDATION_FAILED']],
    ] as const)
      expect([path, ...(await refused(owner, path, options))]).toEqual([path, ...answer]);
  });

  it('lets another role decide about the very next call, in every process', async () => {
    await ask(admin, `/tenant/members/${viewer.id}`, roleOf('developer'));
    await eventually(() => everywhere(viewer.access_token, 401), { withinMs: WITHIN_MS });
    viewer = await refreshed(viewer);
    expect(await members(viewer)).toHaveLength(3);
    expect(await ask(viewer, '/auth/me')).toMatchObject({ role: 'developer' });

    await ask(admin, `/tenant/members/${viewer.id}`, roleOf('viewer'));
    // The token says what held before; it is refused, and what takes its place says what holds.
    await eventually(() => everywhere(viewer.access_token, 401), { withinMs: WITHIN_MS });
    viewer = await refreshed(viewer);
    expect(await refused(viewer, '/tenant/members')).toEqual([403, 'MISSING_SCOPE']);
  });

  it('has roles of its own, which hold and change like the others', async () => {
    const scopes = ['licenses:read', 'members:read', 'tenant:read'];
    expect(await ask(admin, '/tenant/roles', { body: { name: 'support-desk', scopes } })).toEqual({
      name: 'support-desk',
      built_in: false,
      scopes,
    });
    expect(await refused(admin, '/tenant/roles', { body: { name: 'support-desk', scopes } })).toEqual([
      409,
      'ROLE_EXISTS',
    ]);
    for (const [body, answer] of [
      [{ name: 'accounts', scopes: ['billing:read'] }, [403, 'ROLE_ABOVE_OWN']],
      [{ name: 'accounts', scopes: ['tenant:delete'] }, [422, 'VALIDATION_FAILED']],
      [{ name: 'owner', scopes: ['tenant:read'] }, [422, 'VALIDATION_FAILED']],
    ] as const)
      expect(await refused(admin, '/tenant/roles', { body })).toEqual(answer);

    await ask(admin, `/tenant/members/${viewer.id}`, roleOf('support-desk'));
    viewer = await refreshed(viewer);
    expect(await ask(viewer, '/auth/me')).toMatchObject({ role: 'support-desk', scopes });
    expect(await refused(admin, '/tenant/roles/support-desk', { method: 'DELETE' })).toEqual([
      409,
      'ROLE_IN_USE',
    ]);

    const fewer = ['licenses:read', 'tenant:read'];
    await ask(admin, '/tenant/roles/support-desk', { method: 'PATCH', body: { scopes: fewer } });
    await eventually(() => everywhere(viewer.access_token, 401), { withinMs: WITHIN_MS });
    viewer = await refreshed(viewer);
    expect(await refused(viewer, '/tenant/members')).toEqual([403, 'MISSING_SCOPE']);

    await ask(admin, `/tenant/members/${viewer.id}`, roleOf('viewer'));
    viewer = await refreshed(viewer);
    expect(await ask(admin, '/tenant/roles/support-desk', { method: 'DELETE' })).toEqual({
      status: 'deleted',
    });
    expect(await refused(admin, '/tenant/roles/owner', { method: 'DELETE' })).toEqual([404, 'NOT_FOUND']);

    // All of them at once would wait for one row longer than a busy machine lets them.
    const make = async (from: number, count: number) => {
      const bodies = Array.from({ length: count }, (_, at) => ({ name: `desk-${from + at}`, scopes: fewer }));
      const made = await Promise.all(
        bodies.map((body) =>
          call<ErrorBody>(`${product.v1}/tenant/roles`, { body, bearer: admin.access_token }),
        ),
      );
      return made.map(({ body }) => body.error?.code ?? 'ok').toSorted();
    };
    for (let at = 0; at < 45; at += 5) expect(await make(at, 5)).toEqual(Array(5).fill('ok'));
    expect(await make(45, 10)).toEqual([...Array(5).fill('ROLES_EXHAUSTED'), ...Array(5).fill('ok')]);
  });
});

describe('who is put out', () => {
  it('is out of every process within two seconds, with sessions, keys, seats and invitations (S2-42)', async () => {
    const owner = await team.owner();
    const admin = await member(owner, 'admin');
    const accounts = serviceAccountsOf(product.api.url, admin.access_token);
    const account = await accounts.create(['licenses:read']);
    const { key }: ApiKeyBody = await accounts.createKey(account.id);
    await ask<SeatBody>(admin, '/licenses/acquire', { body: { hardware_id: 'laptop' } });
    const invited = await team.invite(admin, 'developer');
    const token = await team.tokenTo(invited.email);
    await everywhere(key, 200);

    expect(await ask(owner, `/tenant/members/${admin.id}`, { method: 'DELETE' })).toEqual({
      status: 'removed',
    });
    await eventually(
      async () => {
        await everywhere(admin.access_token, 401);
        await everywhere(key, 401);
        const { data } = await ask<{ data: unknown[] }>(owner, `/licenses/${owner.license.id}/seats`);
        expect(data).toEqual([]);
      },
      { withinMs: WITHIN_MS },
    );
    const gone = await call<ErrorBody>(`${product.v1}/invitations/preview`, { body: { token } });
    expect(refusal(gone)).toEqual([410, 'INVITATION_GONE']);
    const { refresh_token } = admin;
    const refresh = await call<ErrorBody>(`${product.v1}/auth/refresh`, { body: { refresh_token } });
    expect(refusal(refresh)).toEqual([401, 'UNAUTHENTICATED']);
    expect((await members(owner)).map(({ role }) => role)).toEqual(['owner']);
    await eventually(async () => {
      const { data } = await ask<AuditBody>(owner, '/audit?limit=100');
      const told = data.map(({ action }) => action);
      expect(told).toEqual(
        expect.arrayContaining([
          'MEMBERSHIP_CREATED',
          'MEMBERSHIP_ENDED',
          'SESSION_REVOKED',
          'API_KEY_REVOKED',
          'INVITATION_REVOKED',
          'SEAT_ENDED',
        ]),
      );
    });
  });

  it('is out also while the worker is away; mails that waited for it go to nobody', async () => {
    const owner = await team.owner();
    const admin = await member(owner, 'admin');
    const accounts = serviceAccountsOf(product.api.url, admin.access_token);
    const { key } = await accounts.createKey((await accounts.create(['licenses:read'])).id);
    const { session_id } = await ask<SeatBody>(admin, '/licenses/acquire', {
      body: { hardware_id: 'their desk' },
    });
    await product.worker.stop();
    const [queued, kept] = [await team.invite(admin, 'viewer'), await team.invite(owner, 'viewer')];
    await ask(owner, `/tenant/members/${admin.id}`, { method: 'DELETE' });
    await eventually(
      async () => {
        await everywhere(admin.access_token, 401);
        await everywhere(key, 401);
        const beat = { method: 'PUT', body: { session_id } };
        expect(refusal(await call<ErrorBody>(`${product.v1}/licenses/heartbeat`, beat))).toEqual([
          410,
          'SEAT_GONE',
        ]);
      },
      { withinMs: WITHIN_MS },
    );
    product.worker = await product.startWorker();
    await mailsTo(kept.email);
    expect(await mailsTo(queued.email, 0)).toEqual([]);
  });
});

describe('who was put out and is in again', () => {
  it('keeps what they have now, however late the worker hears of the first', async () => {
    const owner = await team.owner();
    const bob = await member(owner, 'developer');
    await product.worker.stop();
    await ask(owner, `/tenant/members/${bob.id}`, { method: 'DELETE' });
    await joins(product, bob, owner, 'developer');
    const again = await succeed<Somebody>(`${product.v1}/auth/login`, {
      body: { email: bob.email, password: PASSWORD, tenant_id: owner.tenant.id },
    });
    const { session_id } = await ask<SeatBody>(again, '/licenses/acquire', {
      body: { hardware_id: 'their new desk' },
    });
    product.worker = await product.startWorker();
    const heard = `select 1 from platform.inbox
        where tenant_id = $1 and subscription = 'onboarding.take-seats-of-former' and done_at is not null`;
    await eventually(async () => expect(await product.query(heard, [owner.tenant.id])).toHaveLength(1));
    const beat = { method: 'PUT', body: { session_id } };
    expect((await call(`${product.v1}/licenses/heartbeat`, beat)).status).toBe(200);
  });
});

describe('who may do less than before', () => {
  it('loses the keys they made and the invitations that they could not send now', async () => {
    const owner = await team.owner();
    const admin = await member(owner, 'admin');
    const accounts = serviceAccountsOf(product.api.url, admin.access_token);
    const { key } = await accounts.createKey((await accounts.create(['licenses:read'])).id);
    const { email } = await team.invite(admin, 'admin');
    const token = await team.tokenTo(email);
    await ask(owner, `/tenant/members/${admin.id}`, roleOf('developer'));
    await eventually(() => everywhere(key, 401), { withinMs: WITHIN_MS });
    expect((await team.signUpInvited(email, token)).body.error.code).toBe('INVITATION_GONE');
    expect(await ask(await refreshed(admin), '/auth/me')).toMatchObject({ role: 'developer' });
  });
});

describe('who may run the program no more', () => {
  it('gives their seats back, by another role or by other scopes of theirs', async () => {
    const owner = await team.owner();
    const scopes = ['licenses:read', 'seats:acquire', 'tenant:read'];
    await ask(owner, '/tenant/roles', { body: { name: 'tester', scopes } });
    const [first, second] = [await member(owner, 'developer'), await member(owner, 'tester')];
    await ask<SeatBody>(first, '/licenses/acquire', { body: { hardware_id: 'laptop' } });
    await ask<SeatBody>(second, '/licenses/acquire', { body: { hardware_id: 'desktop' } });
    const held = async () => {
      const path = `/licenses/${owner.license.id}/seats`;
      return (await ask<{ data: unknown[] }>(owner, path)).data.length;
    };
    expect(await held()).toBe(2);
    await ask(owner, `/tenant/members/${first.id}`, roleOf('admin'));
    await ask(owner, `/tenant/members/${first.id}`, roleOf('viewer'));
    await eventually(async () => expect(await held()).toBe(1));
    const fewer = ['licenses:read', 'tenant:read'];
    await ask(owner, '/tenant/roles/tester', { method: 'PATCH', body: { scopes: fewer } });
    await eventually(async () => expect(await held()).toBe(0));
  });
});

describe('who makes another owner', () => {
  const unproved = (id: string) =>
    product.query('update identity.users set email_verified = false where id = $1', [id]);

  it('has shown just now who they are, whichever way they do it', async () => {
    const fresh = await team.owner();
    const heir = await member(fresh, 'developer');
    const owner = await aged(product, fresh);
    const refusals = [403, 'REAUTHENTICATION_REQUIRED'];
    const body = { membership_id: heir.id };
    expect(await refused(owner, '/tenant/transfer', { body })).toEqual(refusals);
    expect(await refused(owner, `/tenant/members/${heir.id}`, roleOf('owner'))).toEqual(refusals);
    const invitation = { email: newEmail(), role: 'owner' };
    expect(await refused(owner, '/tenant/invitations', { body: invitation })).toEqual(refusals);
    // Another role needs none.
    await ask(owner, `/tenant/members/${heir.id}`, roleOf('admin'));
    await team.invite(owner, 'admin');
    expect((await members(owner)).map(({ role }) => role)).toEqual(['owner', 'admin']);
  });

  it('makes nobody one who has not proved their address, or is suspended', async () => {
    const refusals = [409, 'OWNER_NOT_VERIFIED'];
    const owner = await team.owner();
    const heir = await member(owner, 'developer');
    const body = { membership_id: heir.id };
    const suspend = (id: string) => product.admin('users', 'suspend', id, '--reason', 'a test');
    await suspend(heir.user_id);
    expect(await refused(owner, '/tenant/transfer', { body })).toEqual(refusals);
    expect(await refused(owner, `/tenant/members/${heir.id}`, roleOf('owner'))).toEqual(refusals);
    await product.admin('users', 'reactivate', heir.user_id, '--reason', 'a test');
    await unproved(heir.user_id);
    expect(await refused(owner, '/tenant/transfer', { body })).toEqual(refusals);
    expect(await refused(owner, `/tenant/members/${heir.id}`, roleOf('owner'))).toEqual(refusals);
    expect((await members(owner)).map(({ role }) => role)).toEqual(['owner', 'developer']);
  });
});

describe('who hands the organisation over', () => {
  it('makes another the owner, and is what they said', async () => {
    const owner = await team.owner();
    const heir = await member(owner, 'developer');
    const [self] = await members(owner);
    const transfer = (body: object) => ({ method: 'POST', body });
    expect(await refused(owner, '/tenant/transfer', transfer({ membership_id: self!.id }))).toEqual([
      409,
      'ALREADY_OWNER',
    ]);
    await succeed(`${product.v1}/tenant/transfer`, {
      bearer: owner.access_token,
      body: { membership_id: heir.id, role: 'viewer' },
    });
    const [before, after] = [await refreshed(owner), await refreshed(heir)];
    expect(await ask(before, '/auth/me')).toMatchObject({ role: 'viewer' });
    expect(await ask(after, '/auth/me')).toMatchObject({ role: 'owner' });
    expect(await refused(after, '/tenant/leave', { method: 'POST' })).toEqual([409, 'LAST_OWNER']);
  });
});

describe('what is the owner’s alone', () => {
  it('is refused to others before they are asked who they are', async () => {
    const owner = await team.owner();
    const payer = await aged(product, await member(owner, 'billing'));
    const late = await aged(product, owner);
    const membership_id = payer.id;
    for (const [path, options] of [
      ['/tenant/transfer', { method: 'POST', body: { membership_id } }],
      ['/tenant/exports', { method: 'POST' }],
      ['/tenant', { method: 'DELETE', body: { slug: owner.tenant.slug } }],
      ['/tenant/settings', { method: 'PATCH', body: { retention_days: 90 } }],
      ['/auth/service-accounts', { body: { name: 'robot', scopes: ['licenses:read'] } }],
    ] as const) {
      expect([path, ...(await refused(payer, path, options))]).toEqual([path, 403, 'MISSING_SCOPE']);
      expect([path, ...(await refused(late, path, options))]).toEqual([
        path,
        403,
        'REAUTHENTICATION_REQUIRED',
      ]);
    }
  });
});
