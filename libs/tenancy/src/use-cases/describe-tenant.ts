import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { ROLE_SCOPES } from '../domain/role.js';
import { type TenantDescription, Tenants } from '../persistence/tenants.js';

/** An organisation, and all that anybody may do in it by a role. */
export interface TenantStanding {
  tenant: TenantDescription;
  scopes: readonly string[];
}

/** What a service account of an organisation stands on: asked by identity when one acts. */
@Injectable()
export class DescribeTenant {
  constructor(private readonly tenants: Tenants) {}

  /** The actor's tenant; null when there is none. */
  async execute(actor: Actor): Promise<TenantStanding | null> {
    const tenant = await this.tenants.describe(actor);
    return tenant && { tenant, scopes: ROLE_SCOPES };
  }
}
