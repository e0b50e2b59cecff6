import { Injectable } from '@nestjs/common';
import { Actor, Clock } from '#platform';
import { ReadLicenses } from '#licensing';
import { BEGINNING, type PlanLimits } from '../domain/tenant.js';
import { Tenants } from '../persistence/tenants.js';

/**
 * A tenant's plan, and how many people it lets in, are what its oldest licence says that has not ended. Read under the tenant's lock and not
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
    if (tenant?.followPlan(await this.limitsOf(tenantId, traceId), this.clock.now()))
      await this.tenants.save(tenant);
  }

  /** What the licence says; without one, what Free gives. */
  async limitsOf(tenantId: string, traceId: string): Promise<PlanLimits> {
    const actor = Actor.system(tenantId, traceId);
    const given = (await this.readLicenses.first(actor)) ?? (await this.readLicenses.free(actor));
    if (!given) return BEGINNING;
    const { tier: plan, terms } = given;
    return { plan, maxSeats: terms.seats, maxMembers: terms.maxMembers };
  }
}
