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

  /** The tenants of the actor's own person, oldest first. */
  async tenantIdsOf(actor: Actor): Promise<string[]> {
    const rows = await this.db.read<{ tenant_id: string }>(
      actor,
      'select tenant_id from tenancy.user_tenants where user_id = $1 order by tenant_id limit 100',
      [actor.id],
    );
    return rows.map((row) => row.tenant_id);
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
