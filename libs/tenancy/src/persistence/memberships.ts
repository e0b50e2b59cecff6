import { Injectable } from '@nestjs/common';
import { type Actor, Db, notFound } from '#platform';
import { Membership } from '../domain/membership.js';
import { grantsOfRole } from '../domain/permissions.js';
import { isBuiltIn } from '../domain/role.js';

/** A role, and what it stands for whatever the plan. */
export interface Standing {
  role: string;
  grants: readonly string[];
}

export interface MemberRow {
  id: string;
  userId: string;
  role: string;
  createdAt: Date;
}

@Injectable()
export class Memberships {
  constructor(private readonly db: Db) {}

  /** A trigger keeps `user_tenants` in step: the rows there are each person's own, and nobody else may write them. */
  async insert(membership: Membership): Promise<void> {
    await this.db.manager.insert(Membership, membership);
    this.db.record(membership.takeEvents());
  }

  async save(membership: Membership): Promise<void> {
    await this.db.manager.save(Membership, membership);
    this.db.record(membership.takeEvents());
  }

  async delete(membership: Membership): Promise<void> {
    const { tenantId, id } = membership;
    await this.db.manager.delete(Membership, { tenantId, id });
    this.db.record(membership.takeEvents());
  }

  /** One of the transaction's tenant, which is locked. Throws 404. */
  async get(id: string): Promise<Membership> {
    const tenantId = this.db.actor.tenantId ?? '';
    const found = await this.db.manager.findOne(Membership, { where: { tenantId, id } });
    if (!found) throw notFound('member');
    return found;
  }

  /** A person's in the transaction's tenant, which is locked; null for who is no member. */
  find(userId: string): Promise<Membership | null> {
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.findOne(Membership, { where: { tenantId, userId } });
  }

  /** How many others there are in the transaction's tenant, which is locked, and which of them are owners. */
  async besides(userId: string): Promise<{ count: number; owners: string[] }> {
    const [row] = await this.db.query<{ count: number; owners: string[] }>(
      `select count(*)::int as count, coalesce(array_agg(user_id) filter (where role = 'owner'), '{}') as owners
       from tenancy.memberships where tenant_id = $1 and user_id <> $2`,
      [this.db.actor.tenantId, userId],
    );
    return row!;
  }

  /** The tenants of the transaction's person, by id. */
  async heldTenantIds(): Promise<string[]> {
    const rows = await this.db.query<{ tenant_id: string }>(
      'select tenant_id from tenancy.user_tenants where user_id = $1 order by tenant_id',
      [this.db.actor.id],
    );
    return rows.map((row) => row.tenant_id);
  }

  /** Those of the transaction's tenant who have a role. */
  async userIdsWith(role: string): Promise<string[]> {
    const rows = await this.db.query<{ userId: string }>(
      `select user_id as "userId" from tenancy.memberships where tenant_id = $1 and role = $2`,
      [this.db.actor.tenantId, role],
    );
    return rows.map((row) => row.userId);
  }

  /** What a person may do in the transaction's tenant; null for who is no member. */
  async standingOf(userId: string): Promise<Standing | null> {
    return standingIn(await this.db.query<RawStanding>(STANDING, [this.db.actor.tenantId, userId]));
  }

  /** A page of the actor's tenant, the oldest first. */
  page(actor: Actor, after: string | null, limit: number): Promise<MemberRow[]> {
    return this.db.read<MemberRow>(
      actor,
      `select id, user_id as "userId", role, created_at as "createdAt" from tenancy.memberships
       where tenant_id = $1 and id > $2 order by id limit $3`,
      [actor.tenantId, after ?? '', limit],
    );
  }

  /** Whether somebody is a member of the transaction's tenant. */
  async isMember(userId: string): Promise<boolean> {
    const rows = await this.db.query(
      'select 1 from tenancy.memberships where tenant_id = $1 and user_id = $2',
      [this.db.actor.tenantId, userId],
    );
    return rows.length === 1;
  }

  /** The tenants of the actor's own person, oldest first; all of them without a limit. */
  async tenantIdsOf(actor: Actor, limit: number | null = null): Promise<string[]> {
    const rows = await this.db.read<{ tenant_id: string }>(
      actor,
      'select tenant_id from tenancy.user_tenants where user_id = $1 order by tenant_id limit $2',
      [actor.id, limit],
    );
    return rows.map((row) => row.tenant_id);
  }

  /** Everybody in the actor's tenant. */
  async userIdsOf(actor: Actor): Promise<string[]> {
    const rows = await this.db.read<{ user_id: string }>(
      actor,
      'select user_id from tenancy.memberships where tenant_id = $1 order by user_id',
      [actor.tenantId],
    );
    return rows.map((row) => row.user_id);
  }

  /** Those in the actor's tenant who have a role. */
  async userIdsIn(actor: Actor, role: string): Promise<string[]> {
    const rows = await this.db.read<{ user_id: string }>(
      actor,
      'select user_id from tenancy.memberships where tenant_id = $1 and role = $2 order by user_id',
      [actor.tenantId, role],
    );
    return rows.map((row) => row.user_id);
  }

  /** The actor's role in the actor's tenant, or null. */
  async roleOf(actor: Actor): Promise<Standing | null> {
    return standingIn(await this.db.read<RawStanding>(actor, STANDING, [actor.tenantId, actor.id]));
  }

  /** What a role of the actor's tenant stands for; nothing where there is no such role. */
  async grantsOfRole(actor: Actor, role: string): Promise<readonly string[]> {
    if (isBuiltIn(role)) return grantsOfRole(role);
    const [row] = await this.db.read<{ scopes: string[] }>(
      actor,
      'select scopes from tenancy.roles where tenant_id = $1 and name = $2',
      [actor.tenantId, role],
    );
    return row?.scopes ?? [];
  }
}

interface RawStanding {
  role: string;
  scopes: string[] | null;
}

const STANDING = `
  select m.role, r.scopes from tenancy.memberships m
  left join tenancy.roles r on r.tenant_id = m.tenant_id and r.name = m.role
  where m.tenant_id = $1 and m.user_id = $2`;

function standingIn([row]: readonly RawStanding[]): Standing | null {
  if (!row) return null;
  const { role, scopes } = row;
  return { role, grants: isBuiltIn(role) ? grantsOfRole(role) : (scopes ?? []) };
}
