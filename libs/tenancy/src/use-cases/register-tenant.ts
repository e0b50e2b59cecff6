import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';
import { Membership } from '../domain/membership.js';
import { slugOf, suffixed } from '../domain/slug.js';
import { Tenant } from '../domain/tenant.js';
import { Memberships } from '../persistence/memberships.js';
import { Tenants } from '../persistence/tenants.js';

/** Six random digits collide once in 16 million; five tries in a row mean that something else is wrong. */
const SLUG_TRIES = 5;

/** Makes a tenant and its owner, inside the transaction of whoever registers. */
@Injectable()
export class RegisterTenant {
  constructor(
    private readonly db: Db,
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction; its tenant is the id of the new one. Gives the tenant. `isFurther`: of somebody who has an account. */
  async execute(input: { name: string; ownerUserId: string; isFurther?: true }): Promise<Tenant> {
    const id = this.db.actor.tenantId;
    if (!id) throw new Error('Registering needs a transaction of the new tenant.');
    const now = this.clock.now();

    const slug = await this.claimSlug(slugOf(input.name), id);
    const tenant = Tenant.register({ ...input, id, slug }, now);
    await this.tenants.insert(tenant);
    await this.memberships.insert(
      Membership.create({ tenantId: id, userId: input.ownerUserId, role: 'owner' }, now),
    );
    return tenant;
  }

  private async claimSlug(wanted: string, tenantId: string): Promise<string> {
    let slug = wanted;
    for (let tries = 0; tries < SLUG_TRIES; tries++) {
      if (await this.tenants.claimSlug(slug, tenantId)) return slug;
      slug = suffixed(wanted);
    }
    throw new Error(`No free slug for ${wanted}.`);
  }
}
