import { Injectable } from '@nestjs/common';
import { Clock, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { TenantDeleted, TenantReactivated, TenantSuspended } from '#tenancy/events';

const EVENTS = [TenantSuspended, TenantReactivated, TenantDeleted];
import { Licenses } from '../persistence/licenses.js';

/** A suspended tenant's licences are suspended with it, and come back with it; those of one that is over do not. */
@Injectable()
@Handles('licensing.follow-tenant-status', EVENTS)
export class FollowTenantStatus implements EventHandler<(typeof EVENTS)[number]> {
  constructor(
    private readonly licenses: Licenses,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<(typeof EVENTS)[number]>): Promise<void> {
    const tenant = { suspended: event.name !== TenantReactivated.name, revision: event.payload.revision };
    for (const license of await this.licenses.lockAll()) {
      license.followTenant(tenant, this.clock.now());
      await this.licenses.save(license);
    }
  }
}
