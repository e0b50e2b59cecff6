import { Injectable } from '@nestjs/common';
import { Actor, Clock } from '#platform';
import { ReadLicenses } from '#licensing';
import type { PlanLimits } from '../domain/tenant.js';
import { Tenants } from '../persistence/tenants.js';

/**
 * A tenant's plan, and how many people it lets in, are what its oldest licence says. Read under the tenant's lock and not
 * taken from an event: whichever of two comes last has read what holds.
 */
@Injectable()
export class FollowPlan {
  constructor(
    private readonly tenants: Tenants,
    private readonly readLicenses: ReadLicenses,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction, of the tenant. */
  async execute(tenantId: string, traceId: string): Promise<void> {
    const tenant = await this.tenants.tryLock(tenantId);
    const limits = tenant && (await this.limitsOf(tenantId, traceId));
    if (limits && tenant.followPlan(limits, this.clock.now())) await this.tenants.save(tenant);
  }

  /** What the licence says; null without one. */
  async limitsOf(tenantId: string, traceId: string): Promise<PlanLimits | null> {
    const license = await this.readLicenses.first(Actor.system(tenantId, traceId));
    if (!license) return null;
    const { tier: plan, terms } = license;
    return { plan, maxSeats: terms.seats, maxMembers: terms.maxMembers };
  }
}
