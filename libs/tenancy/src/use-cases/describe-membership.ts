import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Memberships, type Standing } from '../persistence/memberships.js';
import { type TenantDescription, Tenants } from '../persistence/tenants.js';

export interface MembershipDescription extends Standing {
  tenant: TenantDescription;
}

/** Who a person is in a tenant, and what their role stands for: asked by identity whenever it makes a token. */
@Injectable()
export class DescribeMembership {
  constructor(
    private readonly memberships: Memberships,
    private readonly tenants: Tenants,
  ) {}

  /** The actor's tenant, or the oldest of the actor's user when the actor names none; null without any. */
  async tenantOf(actor: Actor): Promise<string | null> {
    return actor.tenantId ?? (await this.memberships.tenantIdsOf(actor, 1))[0] ?? null;
  }

  /** For the actor's user in {@link tenantOf}; null without any, and for who is no member of it. */
  async execute(actor: Actor): Promise<MembershipDescription | null> {
    const tenantId = await this.tenantOf(actor);
    if (!tenantId) return null;
    const scoped = actor.as({ tenantId });
    const [tenant, standing] = await Promise.all([
      this.tenants.describe(scoped),
      this.memberships.roleOf(scoped),
    ]);
    // One that is over is nobody's, though its rows may still be there.
    if (tenant?.status === 'deleted') return null;
    return tenant && standing ? { tenant, ...standing } : null;
  }
}
