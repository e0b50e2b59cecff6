import { Injectable } from '@nestjs/common';
import { Clock, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { TenantReactivated, TenantSuspended } from '#tenancy/events';
import { Licenses } from '../persistence/licenses.js';

/** A suspended tenant's licences are suspended with it, and come back with it. */
@Injectable()
@Handles('licensing.follow-tenant-status', [TenantSuspended, TenantReactivated])
export class FollowTenantStatus implements EventHandler<typeof TenantSuspended | typeof TenantReactivated> {
  constructor(
    private readonly licenses: Licenses,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<typeof TenantSuspended | typeof TenantReactivated>): Promise<void> {
    const tenant = { suspended: event.name === TenantSuspended.name, revision: event.payload.revision };
    for (const license of await this.licenses.lockAll()) {
      license.followTenant(tenant, this.clock.now());
      await this.licenses.save(license);
    }
  }
}
