import { randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import { Actor, Db, ManualClock, newId } from '#platform';
import { Authority } from '../authority.js';
import { CustomRole } from '../domain/custom-role.js';
import { Invitation } from '../domain/invitation.js';
import { Membership } from '../domain/membership.js';
import { grantsOfRole } from '../domain/permissions.js';
import { isBuiltIn } from '../domain/role.js';
import { Tenant } from '../domain/tenant.js';
import { InvitationTokens } from '../invitations/invitation-token.js';
import { Headcounts } from '../persistence/headcount.js';
import { Invitations } from '../persistence/invitations.js';
import { Memberships } from '../persistence/memberships.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { Roles } from '../persistence/roles.js';
import { Tenants } from '../persistence/tenants.js';
import { AcceptInvitation } from '../use-cases/accept-invitation.js';
import { AddMember } from '../use-cases/add-member.js';
import { ChangeMembership } from '../use-cases/change-membership.js';
import { Invite } from '../use-cases/invite.js';
import { JoinByDomain } from '../use-cases/join-by-domain.js';
import { LeaveAll } from '../use-cases/leave-all.js';
import { ManageRoles } from '../use-cases/manage-roles.js';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { databaseApp } from '../../../../test/support/database-app.js';
import { connected } from '../../../../test/support/tables.js';

/** Whoever is left can look after an organisation. */
export const everybody = (ids: readonly string[]) => Promise.resolve(ids);

/** Organisations, their people and what these do there, without the product's processes. */
export interface OrganizationsWorld {
  db: Db;
  /** The database's owner, whom no policy binds. */
  owner: pg.Client;
  tokens: InvitationTokens;
  invite: Invite;
  accept: AcceptInvitation;
  add: AddMember;
  change: ChangeMembership;
  roles: ManageRoles;
  join: JoinByDomain;
  leaveAll: LeaveAll;
}

/** Starts with the file of tests that asks for it. It is empty until then, so only tests and hooks may look into it. */
export function organizationsWorld() {
  const clock = new ManualClock(new Date('2026-11-22T12:00:00Z'));
  const world = {} as OrganizationsWorld;
  let database: TestDatabase;
  let app: INestApplicationContext;

  beforeAll(async () => {
    database = await testDatabase();
    app = await databaseApp(database, [Tenant, Membership, CustomRole, Invitation]);
    Object.assign(world, { owner: await connected(database.ownerUrl) }, useCases(app.get(Db), clock));
  });
  afterAll(async () => {
    await world.owner?.end();
    await app?.close();
    await database?.drop();
  });

  /** Somebody, with the token of a role: what it says may have stopped being so. */
  const person = (tenantId: string | null, role = 'owner', id = newId('usr')) =>
    new Actor({
      type: 'user',
      id,
      tenantId,
      scopes: isBuiltIn(role) ? grantsOfRole(role) : [],
      emailVerified: true,
      origin: { traceId: 'f'.repeat(32), address: null },
    });

  async function member(tenantId: string | null, role: string): Promise<Actor> {
    const actor = person(tenantId, role);
    await world.owner.query(
      `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, $4, now())`,
      [tenantId, newId('mem'), actor.id, role],
    );
    return actor;
  }

  /** The owner of an organisation of their own. */
  async function made(limits: { seats?: number | null; members?: number | null } = {}): Promise<Actor> {
    const id = newId('ten');
    const { seats = null, members = null } = limits;
    await world.owner.query(
      `insert into tenancy.tenants (tenant_id, name, slug, max_seats, max_members, created_at)
       values ($1, 'Acme', $1, $2, $3, now())`,
      [id, seats, members],
    );
    return member(id, 'owner');
  }

  const within = <T>(actor: Actor, work: () => Promise<T>) => world.db.transaction(actor, work);
  const send = (by: Actor, role: string, email = `${newId('usr')}@acme.example`) =>
    within(by, () => world.invite.execute(by, { email, role, ownerUserId: null }));
  const come = (by: Actor, invitation: Invitation, newcomer = person(by.tenantId, 'viewer')) =>
    within(newcomer, () => world.accept.execute(world.tokens.of(invitation))).then(() => newcomer);

  async function membershipOf(actor: Actor): Promise<string> {
    const { rows } = await world.owner.query<{ id: string }>(
      'select id from tenancy.memberships where tenant_id = $1 and user_id = $2',
      [actor.tenantId, actor.id],
    );
    return rows[0]!.id;
  }
  async function rolesIn(tenantId: string | null): Promise<string[]> {
    const { rows } = await world.owner.query<{ role: string }>(
      'select role from tenancy.memberships where tenant_id = $1 order by role',
      [tenantId],
    );
    return rows.map(({ role }) => role);
  }
  return Object.assign(world, { clock, person, made, member, within, send, come, membershipOf, rolesIn });
}

function useCases(db: Db, clock: ManualClock): Omit<OrganizationsWorld, 'owner'> {
  const [tenants, memberships, roles] = [new Tenants(db), new Memberships(db), new Roles(db)];
  const [invitations, headcounts, removed] = [
    new Invitations(db),
    new Headcounts(db),
    new RemovedMembers(db),
  ];
  const authority = new Authority(tenants, memberships);
  const config = { key: randomBytes(32), days: 7, baseUrl: 'http://127.0.0.1' };
  const tokens = new InvitationTokens(config);
  const people = [invitations, headcounts, removed, clock] as const;
  const change = new ChangeMembership(db, authority, tenants, roles, memberships, ...people);
  return {
    db,
    tokens,
    change,
    invite: new Invite(db, config, authority, roles, memberships, invitations, headcounts, clock),
    accept: new AcceptInvitation(db, tokens, tenants, roles, memberships, ...people),
    add: new AddMember(db, tenants, memberships, removed, clock),
    roles: new ManageRoles(db, authority, roles, memberships, headcounts, clock),
    join: new JoinByDomain(db, tenants, memberships, headcounts, removed, clock),
    leaveAll: new LeaveAll(db, tenants, memberships, change, removed, clock),
  };
}
