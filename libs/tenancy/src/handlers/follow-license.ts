import { Injectable } from '@nestjs/common';
import { type DeliveredEvent, type EventHandler, Handles } from '#platform';
import { LicenseChanged, LicenseIssued, TenantTermsChanged } from '#licensing/events';
import { FollowPlan } from '../use-cases/follow-plan.js';

const EVENTS = [LicenseIssued, LicenseChanged, TenantTermsChanged];

/** A tenant's plan, and how many people it lets in, follow what becomes of its licences. */
@Injectable()
@Handles('tenancy.follow-license', EVENTS)
export class FollowLicense implements EventHandler<(typeof EVENTS)[number]> {
  constructor(private readonly followPlan: FollowPlan) {}

  async handle({ tenantId, traceId }: DeliveredEvent<(typeof EVENTS)[number]>): Promise<void> {
    await this.followPlan.execute(tenantId, traceId);
  }
}
