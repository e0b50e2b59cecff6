import { Injectable } from '@nestjs/common';
import { Actor, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { LicenseSettingsChanged, TenantTermsChanged } from '../events/index.js';
import { RefreshTenantPolicies } from '../use-cases/refresh-tenant-policies.js';

/** What the seat scripts read follows what holds for the whole tenant. */
@Injectable()
@Handles('licensing.follow-tenant-terms', [TenantTermsChanged, LicenseSettingsChanged], 'effect')
export class FollowTenantTerms implements EventHandler<
  typeof TenantTermsChanged | typeof LicenseSettingsChanged
> {
  constructor(private readonly refresh: RefreshTenantPolicies) {}

  async handle(
    event: DeliveredEvent<typeof TenantTermsChanged | typeof LicenseSettingsChanged>,
  ): Promise<void> {
    await this.refresh.execute(Actor.system(event.tenantId, event.traceId));
  }
}
