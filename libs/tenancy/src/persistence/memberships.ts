import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import { Membership } from '../domain/membership.js';
import type { Role } from '../domain/role.js';

@Injectable()
export class Memberships {
  constructor(private readonly db: Db) {}

  async insert(membership: Membership): Promise<void> {
    await this.db.manager.insert(Membership, membership);
    await this.db.query('insert into tenancy.user_tenants (user_id, tenant_id) values ($1, $2)', [
      membership.userId,
      membership.tenantId,
    ]);
    this.db.record(membership.takeEvents());
  }

  /** Whether somebody is a member of the transaction's tenant. */
  async isMember(userId: string): Promise<boolean> {
    const rows = await this.db.query(
      'select 1 from tenancy.memberships where tenant_id = $1 and user_id = $2',
      [this.db.actor.tenantId, userId],
    );
    return rows.length === 1;
  }

  /** The tenants of the actor's own person, oldest first. */
  async tenantIdsOf(actor: Actor): Promise<string[]> {
    const rows = await this.db.read<{ tenant_id: string }>(
      actor,
      'select tenant_id from tenancy.user_tenants where user_id = $1 order by tenant_id limit 100',
      [actor.id],
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

  /** The actor's role in the actor's tenant, or null. */
  async roleOf(actor: Actor): Promise<Role | null> {
    const [row] = await this.db.read<{ role: Role }>(
      actor,
      'select role from tenancy.memberships where tenant_id = $1 and user_id = $2',
      [actor.tenantId, actor.id],
    );
    return row?.role ?? null;
  }
}
