import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Memberships } from '../persistence/memberships.js';
import { Tenants } from '../persistence/tenants.js';

/** Whom the end of an organisation concerns. */
export interface OwnersOfTenant {
  name: string;
  owners: string[];
}

/** To whom an organisation belongs, over or not: asked by who writes to them of its end. */
@Injectable()
export class DescribeOwners {
  constructor(
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
  ) {}

  /** Of the actor's tenant; null when its rows are gone. */
  async execute(actor: Actor): Promise<OwnersOfTenant | null> {
    const [tenant, owners] = await Promise.all([
      this.tenants.describe(actor),
      this.memberships.userIdsIn(actor, 'owner'),
    ]);
    return tenant && { name: tenant.name, owners };
  }
}
