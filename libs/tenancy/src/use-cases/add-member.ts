import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';
import { Membership } from '../domain/membership.js';
import type { Role } from '../domain/role.js';
import { Memberships } from '../persistence/memberships.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { Tenants } from '../persistence/tenants.js';

/** Makes a person a member of a tenant that is there. */
@Injectable()
export class AddMember {
  constructor(
    private readonly db: Db,
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
    private readonly removed: RemovedMembers,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction, of that person in that tenant; repeatable. Throws 404. */
  async execute(role: Role): Promise<void> {
    const { id: userId, tenantId } = this.db.actor;
    if (!userId || !tenantId)
      throw new Error('A membership needs a transaction of the person in the tenant.');
    await this.tenants.lock(tenantId);
    if (await this.memberships.isMember(userId)) return;
    await this.memberships.insert(Membership.create({ tenantId, userId, role }, this.clock.now()));
    await this.removed.clear(userId);
  }
}
