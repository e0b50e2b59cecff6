import { Actor, type DomainError, newId } from '#platform';
import { GRANTABLE } from '../domain/permissions.js';
import type { Invitation } from '../domain/invitation.js';
import { Headcounts } from '../persistence/headcount.js';
import { Invitations } from '../persistence/invitations.js';
import { Memberships } from '../persistence/memberships.js';
import { Tenants } from '../persistence/tenants.js';
import { everybody, organizationsWorld } from '../testing/organizations-world.js';
import { ListOrganizations } from './list-organizations.js';
import { ReadInvitations } from './read-invitations.js';

const MANY = 20;

const world = organizationsWorld();
const { clock, person, made, member, within, send, come, membershipOf, rolesIn } = world;
const codes = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
  outcomes.map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as DomainError).code)).sort();
const several = (count: number, word: string) => Array.from({ length: count }, () => word);

describe('twenty who accept at once', () => {
  it.each([
    ['seats', { seats: 5, members: null }, 'developer', 'SEAT_LIMIT_REACHED'],
    ['members', { seats: null, members: 5 }, 'viewer', 'MEMBER_LIMIT_REACHED'],
  ] as const)('are no more than the plan lets in: %s', async (_, { seats, members }, role, code) => {
    // They were invited while there was room for all.
    const by = await made();
    const invitations: Invitation[] = [];
    for (let i = 0; i < MANY; i++) invitations.push(await send(by, role));
    await world.owner.query(
      'update tenancy.tenants set max_seats = $2, max_members = $3 where tenant_id = $1',
      [by.tenantId, seats, members],
    );
    const outcomes = await Promise.allSettled(invitations.map((one) => come(by, one)));
    // The owner has one of the five.
    expect(codes(outcomes)).toEqual([...several(MANY - 4, code), ...several(4, 'ok')].sort());
    expect(await rolesIn(by.tenantId)).toHaveLength(5);
  });

  it('with one token are one', async () => {
    const by = await made();
    const invitation = await send(by, 'viewer');
    const outcomes = await Promise.allSettled(Array.from({ length: MANY }, () => come(by, invitation)));
    expect(codes(outcomes)).toEqual([...several(MANY - 1, 'INVITATION_GONE'), 'ok']);
  });

  it('hold no role once their time is over', async () => {
    const by = await made();
    const invitation = await send(by, 'viewer');
    const held = () => within(by, () => new Headcounts(world.db).withRole('viewer', clock.now()));
    expect(await held()).toBe(1);
    await world.owner.query('update tenancy.invitations set expires_at = $2 where id = $1', [
      invitation.id,
      clock.now(),
    ]);
    expect(await held()).toBe(0);
  });

  it('come to no organisation that is over', async () => {
    const by = await made();
    const [invitation, declined] = [await send(by, 'viewer'), await send(by, 'viewer')];
    await world.owner.query(`update tenancy.tenants set status = 'deleted' where tenant_id = $1`, [
      by.tenantId,
    ]);
    const gone = { code: 'INVITATION_GONE' };
    await expect(come(by, invitation)).rejects.toMatchObject(gone);
    await expect(within(by, () => world.accept.decline(world.tokens.of(declined)))).rejects.toMatchObject(
      gone,
    );
    const reader = new ReadInvitations(
      ...([new Invitations(world.db), new Tenants(world.db), new Memberships(world.db)] as const),
      ...([world.tokens, clock] as const),
    );
    await expect(reader.open(by, world.tokens.of(invitation))).rejects.toMatchObject(gone);
    expect(await rolesIn(by.tenantId)).toEqual(['owner']);
  });

  it('who join by their domain are no more either', async () => {
    const by = await made({ members: 5 });
    await world.owner.query(
      `update tenancy.tenants set sign_up_mode = 'allowed_domains', allowed_domains = '{acme.example}' where tenant_id = $1`,
      [by.tenantId],
    );
    const outcomes = await Promise.allSettled(
      Array.from({ length: MANY }, () =>
        within(person(by.tenantId, 'viewer'), () => world.join.execute('ada@acme.example')),
      ),
    );
    expect(codes(outcomes)).toEqual([...several(MANY - 4, 'MEMBER_LIMIT_REACHED'), ...several(4, 'ok')]);
  });
});

describe('twenty invitations at once', () => {
  it('are no more than there is room for, with those that are out', async () => {
    const by = await made({ members: 5 });
    const outcomes = await Promise.allSettled(Array.from({ length: MANY }, () => send(by, 'viewer')));
    expect(codes(outcomes)).toEqual([...several(MANY - 4, 'MEMBER_LIMIT_REACHED'), ...several(4, 'ok')]);
  });

  it('to one address are one', async () => {
    const by = await made();
    const wish = { email: 'ada@acme.example', role: 'viewer', ownerUserId: null };
    const outcomes = await Promise.allSettled(
      Array.from({ length: MANY }, () => within(by, () => world.invite.execute(by, wish))),
    );
    expect(codes(outcomes)).toEqual([...several(MANY - 1, 'INVITATION_PENDING'), 'ok']);
  });
});

describe('owners who leave at once', () => {
  it('leave one behind', async () => {
    const first = await made();
    const others = await Promise.all(Array.from({ length: 4 }, () => member(first.tenantId, 'owner')));
    const outcomes = await Promise.allSettled(
      [first, ...others].map((one) => within(one, () => world.change.leave(one, everybody))),
    );
    expect(codes(outcomes)).toEqual(['LAST_OWNER', ...several(4, 'ok')]);
    expect(await rolesIn(first.tenantId)).toEqual(['owner']);
  });

  it('or put each other out, or step down, just the same', async () => {
    const first = await made();
    const second = await member(first.tenantId, 'owner');
    const [one, two] = [await membershipOf(first), await membershipOf(second)];
    const outcomes = await Promise.allSettled([
      within(first, () => world.change.remove(first, two, everybody)),
      within(second, () => world.change.changeRole(second, one, 'viewer', everybody)),
    ]);
    expect(codes(outcomes)).toContain('ok');
    expect((await rolesIn(first.tenantId)).filter((role) => role === 'owner')).toHaveLength(1);
  });
});

it('no owner leaves an organisation to one who cannot look after it', async () => {
  const first = await made();
  const second = await member(first.tenantId, 'owner');
  const only = (one: Actor) => async (ids: readonly string[]) => ids.filter((id) => id === one.id);
  const own = await membershipOf(first);
  const last = { code: 'LAST_OWNER' };
  await expect(within(first, () => world.change.leave(first, only(first)))).rejects.toMatchObject(last);
  await expect(
    within(first, () => world.change.changeRole(first, own, 'viewer', only(first))),
  ).rejects.toMatchObject(last);
  await within(first, () => world.change.leave(first, only(second)));
  expect(await rolesIn(first.tenantId)).toEqual(['owner']);
});

describe('people whose accounts are deleted', () => {
  const go = (one: Actor, fitToOwn = everybody) =>
    within(one, () => world.leaveAll.execute({ fitToOwn, graceDays: 30 }));

  it('leave one owner behind where others are, however close they are', async () => {
    const first = await made();
    const others = await Promise.all(Array.from({ length: 4 }, () => member(first.tenantId, 'owner')));
    await member(first.tenantId, 'viewer');
    const outcomes = await Promise.allSettled([first, ...others].map((one) => go(one)));
    expect(codes(outcomes)).toEqual(['LAST_OWNER', ...several(4, 'ok')]);
    expect(await rolesIn(first.tenantId)).toEqual(['owner', 'viewer']);
  });

  it('leave everything or nothing, and only an owner who is fit to be one counts', async () => {
    const first = await made();
    const second = await member(first.tenantId, 'owner');
    const elsewhere = await made();
    await world.owner.query(
      `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, 'viewer', now())`,
      [elsewhere.tenantId, newId('mem'), first.id],
    );
    await expect(go(first, () => Promise.resolve([]))).rejects.toMatchObject({
      code: 'LAST_OWNER',
      details: { organizations: [{ id: first.tenantId, name: 'Acme' }] },
    });
    expect(await rolesIn(elsewhere.tenantId)).toEqual(['owner', 'viewer']);
    expect(await go(first)).toEqual([first.tenantId, elsewhere.tenantId].sort());
    expect(await rolesIn(first.tenantId)).toEqual(['owner']);
    expect(await rolesIn(elsewhere.tenantId)).toEqual(['owner']);

    // Who is alone may go, and what they were alone in follows.
    await go(second);
    const { rows } = await world.owner.query<{ deletes_at: Date }>(
      'select deletes_at from tenancy.tenants where tenant_id = $1',
      [first.tenantId],
    );
    expect(rows).toEqual([{ deletes_at: new Date(clock.now().getTime() + 30 * 86_400_000) }]);
  });
});

describe('an admin who is demoted while they invite', () => {
  it('leaves no invitation behind that anybody comes in by', async () => {
    const by = await made();
    const admin = await member(by.tenantId, 'admin');
    const id = await membershipOf(admin);
    const [sent, demoted] = await Promise.allSettled([
      send(admin, 'developer'),
      within(by, () => world.change.changeRole(by, id, 'viewer', everybody)),
    ]);
    expect(demoted.status).toBe('fulfilled');
    // Either was first; their token says admin still.
    if (sent.status === 'fulfilled')
      await expect(come(by, sent.value)).rejects.toMatchObject({ code: 'INVITATION_GONE' });
    else expect(sent.reason).toMatchObject({ code: 'MISSING_SCOPE' });
    await expect(send(admin, 'viewer')).rejects.toMatchObject({ code: 'MISSING_SCOPE' });
  });
});

describe('where a person is a member', () => {
  it('follows their memberships, whoever ends them, and is theirs alone to read', async () => {
    const by = await made();
    const elsewhere = await made();
    const somebody = await come(by, await send(by, 'viewer'));
    const there = person(elsewhere.tenantId, 'viewer', somebody.id!);
    const next = await send(elsewhere, 'developer');
    await within(there, () => world.accept.execute(world.tokens.of(next)));
    const theirs = () => new ListOrganizations(world.db).execute(somebody, { limit: 100 });
    expect((await theirs()).data).toMatchObject([
      { id: by.tenantId, role: 'viewer' },
      { id: elsewhere.tenantId, role: 'developer' },
    ]);
    expect((await new ListOrganizations(world.db).execute(by, { limit: 100 })).data).toHaveLength(1);
    const id = await membershipOf(somebody);
    await within(by, () => world.change.remove(by, id, everybody));
    expect((await theirs()).data.map((one) => one.id)).toEqual([elsewhere.tenantId]);
    // As a program or nobody asks, there is nothing to find.
    const nobody = Actor.system(by.tenantId, 'f'.repeat(32));
    expect((await new ListOrganizations(world.db).execute(nobody, { limit: 100 })).data).toEqual([]);
  });
});

describe('a process of the release before', () => {
  it('writes where a person is a member by itself, while it is being replaced', async () => {
    const by = await made();
    const newcomer = person(by.tenantId, 'viewer');
    await within(newcomer, async () => {
      await world.db.query(
        `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, 'viewer', now())`,
        [by.tenantId, newId('mem'), newcomer.id],
      );
      await world.db.query('insert into tenancy.user_tenants (user_id, tenant_id) values ($1, $2)', [
        newcomer.id,
        by.tenantId,
      ]);
    });
    expect((await new ListOrganizations(world.db).execute(newcomer, { limit: 100 })).data).toHaveLength(1);
  });
});

describe('a role of the organisation’s own', () => {
  it('counts as taking seats when it does', async () => {
    const by = await made({ seats: 1 });
    await world.owner.query(
      'insert into tenancy.roles (tenant_id, name, scopes, created_at) values ($1, $2, $3, now()), ($1, $4, $5, now())',
      [by.tenantId, 'tester', GRANTABLE, 'reader', ['tenant:read']],
    );
    await expect(send(by, 'tester')).rejects.toMatchObject({ code: 'SEAT_LIMIT_REACHED' });
    await expect(send(by, 'reader')).resolves.toMatchObject({ role: 'reader' });
    await expect(send(by, 'nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
