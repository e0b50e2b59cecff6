import { eventually } from '../support/eventually.js';
import { aged } from '../support/aged-session.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo } from '../support/mail.js';
import {
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  refusal,
  type RegisteredBody,
  signUp,
  signUpByPassword,
} from '../support/person.js';
import { type MemberBody, teamOf } from '../support/team.js';

const product = journeyProduct({ ORGANIZATION_QUOTA: '3', AUTH_SIGNUP_MODE: 'public' });
const team = teamOf(product);
const { ask, refused, member } = team;
const patch = (body: object) => ({ method: 'PATCH', body });

describe('GET and PATCH /tenant', () => {
  it('say what the organisation is called, and what its licence lets in', async () => {
    const owner = await team.owner('FREE');
    const { id, slug } = owner.tenant;
    expect(await ask(owner, '/tenant')).toMatchObject({
      ...{ id, slug, name: 'Acme Tools', plan: 'FREE', max_seats: 1, max_members: 3, status: 'active' },
      created_at: expect.any(String),
    });
    await team.changePlan(owner, 'TEAM');
    expect(await ask(owner, '/tenant')).toMatchObject({ plan: 'TEAM', max_seats: 5, max_members: 25 });
    await product.admin('tenant', 'terms', id, '--set', 'maxMembers=40', '--reason', 'They asked.');
    await eventually(async () => {
      expect(await ask(owner, '/tenant')).toMatchObject({ max_seats: 5, max_members: 40 });
    });
    await team.changePlan(owner, 'ENTERPRISE');
    expect(await ask(owner, '/tenant')).toMatchObject({ max_seats: null, max_members: 40 });
    const me = await ask<{ tenant: object }>(owner, '/auth/me');
    expect(me.tenant).toMatchObject({ plan: 'ENTERPRISE', max_seats: null });
  });

  it('follow the licence also where no event told of it', async () => {
    const owner = await team.owner('TEAM');
    // As it was before plans had limits of people.
    await product.query(
      `update tenancy.tenants set plan = 'FREE', max_seats = 1, max_members = 3 where tenant_id = $1`,
      [owner.tenant.id],
    );
    await product.startWorker();
    await eventually(async () => {
      expect(await ask(owner, '/tenant')).toMatchObject({ plan: 'TEAM', max_seats: 5, max_members: 25 });
    });
  });

  it('change name and slug; what it had stays its own', async () => {
    const [owner, other] = [await team.owner('FREE'), await team.owner('FREE')];
    const slug = `made-${newEmail().slice(4, 16)}`;
    expect(await ask(owner, '/tenant', patch({ name: ' Acme Works ', slug }))).toMatchObject({
      name: 'Acme Works',
      slug,
    });
    for (const [body, answer] of [
      [{ slug }, [409, 'SLUG_TAKEN']],
      [{ slug: owner.tenant.slug }, [409, 'SLUG_TAKEN']],
      [{ slug: 'No Slug' }, [422, 'VALIDATION_FAILED']],
      [{}, [422, 'VALIDATION_FAILED']],
    ] as const)
      expect([body, ...(await refused(other, '/tenant', patch(body)))]).toEqual([body, ...answer]);
    expect(await ask(owner, '/tenant', patch({ slug: owner.tenant.slug }))).toMatchObject({
      slug: owner.tenant.slug,
    });
    for (let more = 0; more < 8; more++) await ask(owner, '/tenant', patch({ slug: `${slug}-${more}` }));
    expect(await refused(owner, '/tenant', patch({ slug: `${slug}-9` }))).toEqual([409, 'SLUGS_EXHAUSTED']);
  });
});

describe('GET and PATCH /tenant/settings', () => {
  const DEFAULTS = {
    sign_up_mode: 'invite_only',
    allowed_domains: [],
    second_factor_required: false,
    retention_days: null,
    heartbeat_mode: null,
    time_zone: 'UTC',
  };

  it('say and change what the organisation chose, all of it or none', async () => {
    const owner = await team.owner('FREE');
    expect(await ask(owner, '/tenant/settings')).toEqual(DEFAULTS);
    const chosen = {
      sign_up_mode: 'allowed_domains',
      allowed_domains: ['acme.example', 'acme.test'],
      retention_days: 90,
      heartbeat_mode: 'strict',
      time_zone: 'Europe/Berlin',
    };
    const wish = { ...chosen, allowed_domains: ['ACME.test', 'acme.example', 'acme.test'] };
    expect(await ask(owner, '/tenant/settings', patch(wish))).toEqual({ ...DEFAULTS, ...chosen });
    expect(await ask(owner, '/licenses/settings')).toEqual({
      heartbeat_mode: 'strict',
      time_zone: 'Europe/Berlin',
    });
    for (const [body, answer] of [
      [{ retention_days: 60, heartbeat_mode: 'relaxed' }, [403, 'MODE_TOO_LOOSE']],
      [{ retention_days: 60, time_zone: 'Nowhere/Near' }, [422, 'VALIDATION_FAILED']],
      [{ allowed_domains: ['no domain'] }, [422, 'VALIDATION_FAILED']],
      [{ retention_days: 1 }, [422, 'VALIDATION_FAILED']],
    ] as const)
      expect([body, ...(await refused(owner, '/tenant/settings', patch(body)))]).toEqual([body, ...answer]);
    expect(await ask(owner, '/tenant/settings')).toMatchObject({ retention_days: 90 });
  });

  it('ask for a step-up to keep less of the past, not to keep more', async () => {
    const owner = await team.owner('FREE');
    const keep = (days: number | null) => patch({ retention_days: days });
    await ask(owner, '/tenant/settings', keep(90));
    const old = await aged(product, owner);
    for (const days of [89, 30])
      expect(await refused(old, '/tenant/settings', keep(days))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    for (const days of [90, 120, null]) await ask(old, '/tenant/settings', keep(days));
    expect(await refused(old, '/tenant/settings', keep(3_650))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
  });

  it('ask for a step-up to loosen the second factor, not to tighten it', async () => {
    const owner = await team.owner('FREE');
    const change = (required: boolean) => patch({ second_factor_required: required });
    await ask(owner, '/tenant/settings', change(true));
    const old = await call<ErrorBody>(`${product.v1}/auth/refresh`, {
      body: { refresh_token: owner.refresh_token },
    });
    // Who does not show one is out with their next refresh.
    expect(refusal(old)).toEqual([401, 'UNAUTHENTICATED']);

    const another = await aged(product, await team.owner('FREE'));
    await ask(another, '/tenant/settings', change(false));
    await ask(another, '/tenant/settings', change(true));
    expect(await refused(another, '/tenant/settings', change(false))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
  });
});

describe('several organisations of one person', () => {
  it('are made, bounded, and listed beyond a page', async () => {
    const owner = await team.owner('FREE');
    const body = { organization_name: 'Second Works' };
    const made = await ask<{ id: string; license: { key: string } }>(owner, '/tenants', { body });
    expect(made).toMatchObject({
      name: 'Second Works',
      role: 'owner',
      plan: 'FREE',
      license: { tier: 'FREE' },
    });
    const mails = await mailsTo(owner.user.email, 2);
    expect(mails.some(({ text }) => text.includes(made.license.key))).toBe(true);
    await ask(owner, '/tenants', { body });
    await ask(owner, '/tenants', { body });
    expect(await refused(owner, '/tenants', { body })).toEqual([429, 'RATE_LIMITED']);

    const first = await ask<{ data: { id: string }[]; next_cursor: string }>(owner, '/tenants?limit=3');
    const second = await ask<{ data: { id: string }[]; next_cursor: null }>(
      owner,
      `/tenants?limit=3&cursor=${first.next_cursor}`,
    );
    expect(second.next_cursor).toBeNull();
    const ids = [...first.data, ...second.data].map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids).toEqual(expect.arrayContaining([owner.tenant.id, made.id]));
    const there = await ask<RegisteredBody>(owner, '/auth/switch', { body: { tenant_id: made.id } });
    expect(await ask(there, '/tenant')).toMatchObject({ name: 'Second Works' });
  });

  it('are not for who has not proved their address', async () => {
    const claimant = await signUpByPassword(product.api.url);
    const body = { organization_name: 'Second Works' };
    expect(await refused(claimant, '/tenants', { body })).toEqual([403, 'EMAIL_NOT_VERIFIED']);
    const join = { body: { slug: claimant.tenant.slug } };
    expect(await refused(claimant, '/tenants/join', join)).toEqual([403, 'EMAIL_NOT_VERIFIED']);
  });

  it('let in who has an address of their domains, and tell nobody else that they are there', async () => {
    const owner = await team.owner();
    const domain = `${newEmail().slice(4, 16)}.example`;
    const join = { body: { slug: owner.tenant.slug } };
    const inside = await signUp(product.api.url, { email: `grace@${domain}` });
    const outside = await signUp(product.api.url);
    expect(await refused(inside, '/tenants/join', join)).toEqual([404, 'NOT_FOUND']);
    const settings = { sign_up_mode: 'allowed_domains', allowed_domains: [domain] };
    await ask(owner, '/tenant/settings', patch(settings));
    expect(await refused(outside, '/tenants/join', join)).toEqual([404, 'NOT_FOUND']);
    expect(await refused(outside, '/tenants/join', { body: { slug: 'nobodys-slug' } })).toEqual([
      404,
      'NOT_FOUND',
    ]);
    expect(await ask(inside, '/tenants/join', join)).toMatchObject({
      tenant: { id: owner.tenant.id },
      membership: { role: 'member' },
    });
    expect(await refused(inside, '/tenants/join', join)).toEqual([409, 'ALREADY_MEMBER']);
    expect(
      await refused(owner, '/tenant/invitations', { body: { email: newEmail(), role: 'viewer' } }),
    ).toEqual([403, 'DOMAIN_NOT_ALLOWED']);
  });
});

describe('a person who is no more', () => {
  it('is no member either', async () => {
    const owner = await team.owner();
    const developer = await member(owner, 'developer');
    await ask(developer, '/auth/me', {
      method: 'DELETE',
      body: { email: developer.user.email, password: PASSWORD },
    });
    await eventually(async () => {
      const { data } = await ask<{ data: MemberBody[] }>(owner, '/tenant/members');
      expect(data).toHaveLength(1);
    });
  });
});

describe('gatehouse-admin tenant', () => {
  it('shows an organisation, its people and what it chose', async () => {
    const owner = await team.owner('FREE');
    const { id, slug } = owner.tenant;
    const shown = await product.admin('tenant', 'show', id);
    for (const part of [id, slug, 'Acme Tools', 'FREE', 'active', '1 seat', '3 members']) {
      expect(shown).toContain(part);
    }
    expect(shown).toContain('invite_only');
    const people = await product.admin('tenant', 'members', id);
    expect(people).toContain(owner.user.email);
    expect(people).toContain('owner');
    await expect(product.admin('tenant', 'show', 'ten_01k9zq6mwee4rr8q3fjz6c1v2d')).rejects.toThrow(
      'No such tenant',
    );
  });
});

describe('who may change settings and invite nobody', () => {
  it('does not let people in by their domain either', async () => {
    const owner = await team.owner();
    const scopes = ['tenant:manage', 'tenant:read'];
    await ask(owner, '/tenant/roles', { body: { name: 'clerk', scopes } });
    await ask(owner, '/tenant/roles', {
      body: { name: 'host', scopes: [...scopes, 'members:invite'] },
    });
    const [clerk, host] = [await member(owner, 'clerk'), await member(owner, 'host')];
    const settings = (body: object) => ['/tenant/settings', patch(body)] as const;
    const open = { sign_up_mode: 'allowed_domains', allowed_domains: ['acme.example'] };
    expect(await refused(clerk, ...settings(open))).toEqual([403, 'MISSING_SCOPE']);
    // Who joins is a member, and runs the program; a host does not.
    expect(await refused(host, ...settings(open))).toEqual([403, 'ROLE_ABOVE_OWN']);
    await ask(clerk, ...settings({ retention_days: 90 }));
    await ask(owner, ...settings(open));
    const wider = { allowed_domains: ['acme.example', 'evil.example'] };
    expect(await refused(clerk, ...settings(wider))).toEqual([403, 'MISSING_SCOPE']);
    await ask(clerk, ...settings({ allowed_domains: [] }));
    await ask(clerk, ...settings({ sign_up_mode: 'invite_only' }));
  });
});
