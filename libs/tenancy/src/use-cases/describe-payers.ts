import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Memberships } from '../persistence/memberships.js';
import { Tenants } from '../persistence/tenants.js';

/** Whom it concerns what an organisation pays. */
export interface PayersOfTenant {
  name: string;
  payers: string[];
}

/** Who is written to about what an organisation pays: its owners, and those whose role that is. */
@Injectable()
export class DescribePayers {
  constructor(
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
  ) {}

  /** Of the actor's tenant; null when its rows are gone. */
  async execute(actor: Actor): Promise<PayersOfTenant | null> {
    const [tenant, owners, billing] = await Promise.all([
      this.tenants.describe(actor),
      this.memberships.userIdsIn(actor, 'owner'),
      this.memberships.userIdsIn(actor, 'billing'),
    ]);
    return tenant && { name: tenant.name, payers: [...new Set([...owners, ...billing])] };
  }
}
