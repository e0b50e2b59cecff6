import { Injectable } from '@nestjs/common';
import { Actor, Clock, type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { ReadLicenses } from '#licensing';
import { LicenseChanged, LicenseIssued, TenantTermsChanged } from '#licensing/events';
import { Tenants } from '../persistence/tenants.js';

const EVENTS = [LicenseIssued, LicenseChanged, TenantTermsChanged];

/**
 * A tenant's plan, and how many people it lets in, are what its licence says. Read under the tenant's lock and not taken
 * from the event: whichever of two handlers comes last has read what holds.
 */
@Injectable()
@Handles('tenancy.follow-license', EVENTS)
export class FollowLicense implements EventHandler<(typeof EVENTS)[number]> {
  constructor(
    private readonly tenants: Tenants,
    private readonly readLicenses: ReadLicenses,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<(typeof EVENTS)[number]>): Promise<void> {
    const { tenantId } = event;
    const tenant = await this.tenants.tryLock(tenantId);
    const license = tenant && (await this.readLicenses.first(Actor.system(tenantId, event.traceId)));
    if (!license) return;
    const { tier: plan, terms } = license;
    const limits = { plan, maxSeats: terms.seats, maxMembers: terms.maxMembers };
    if (tenant.followPlan(limits, this.clock.now())) await this.tenants.save(tenant);
  }
}
