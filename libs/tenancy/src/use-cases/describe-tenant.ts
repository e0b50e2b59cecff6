import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { GRANTABLE } from '../domain/permissions.js';
import { type TenantDescription, Tenants } from '../persistence/tenants.js';

/** An organisation, and all that a program may do in it, whatever the plan: no role of its owner's alone. */
export interface TenantStanding {
  tenant: TenantDescription;
  grants: readonly string[];
}

/** What a service account of an organisation stands on: asked by identity when one acts. */
@Injectable()
export class DescribeTenant {
  constructor(private readonly tenants: Tenants) {}

  /** The actor's tenant; null when there is none, or none any more. */
  async execute(actor: Actor): Promise<TenantStanding | null> {
    const tenant = await this.tenants.describe(actor);
    return tenant && tenant.status !== 'deleted' ? { tenant, grants: GRANTABLE } : null;
  }
}
