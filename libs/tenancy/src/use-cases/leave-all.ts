import { Injectable } from '@nestjs/common';
import { Clock, Db, DomainError } from '#platform';
import { Memberships } from '../persistence/memberships.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { Tenants } from '../persistence/tenants.js';
import { ChangeMembership } from './change-membership.js';

/** Somebody whose account is about to be deleted. */
export interface Leaving {
  /** Of these people, those who can look after an organisation: who are neither kept out nor without a proved address. */
  fitToOwn: (userIds: readonly string[]) => Promise<readonly string[]>;
  /** After so many days an organisation ends in which nobody else is; null: it stays. */
  graceDays: number | null;
}

interface Organization {
  id: string;
  name: string;
  slug: string;
}

/**
 * Ends every membership of a person whose account is deleted, or none of them, and forgets where they were put out: no organisation in which others are loses
 * its last owner. Each tenant is locked, so of two owners who go at once the second finds that they are the last.
 */
@Injectable()
export class LeaveAll {
  constructor(
    private readonly db: Db,
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
    private readonly changeMembership: ChangeMembership,
    private readonly removed: RemovedMembers,
    private readonly clock: Clock,
  ) {}

  /**
   * Joins the caller's transaction, of the person; gives the tenants that they were in. Throws 409 `LAST_OWNER`, which names
   * the organisations.
   */
  async execute(leaving: Leaving): Promise<string[]> {
    const { actor } = this.db;
    const tenantIds = await this.memberships.heldTenantIds();
    const kept: Organization[] = [];
    // In the order of their ids, as whoever else locks several.
    for (const tenantId of tenantIds) {
      const one = await this.db.alongside(actor.as({ tenantId }), () => this.leave(tenantId, leaving));
      if (one) kept.push(one);
    }
    if (kept.length > 0) throw lastOwner(kept);
    await this.removed.forgetPerson();
    return tenantIds;
  }

  /** Null when they have left; else what would be without an owner. */
  private async leave(id: string, { fitToOwn, graceDays }: Leaving): Promise<Organization | null> {
    const userId = this.db.actor.id ?? '';
    const tenant = await this.tenants.tryLock(id);
    const membership = tenant && (await this.memberships.find(userId));
    if (!membership) return null;
    // What is to end anyway needs nobody.
    const goesOn = tenant.status !== 'deleted' && !tenant.deletesAt;
    const { count, owners } = await this.memberships.besides(userId);
    if (goesOn && membership.role === 'owner' && count > 0 && (await fitToOwn(owners)).length === 0)
      return { id, name: tenant.name, slug: tenant.slug };
    await this.changeMembership.forget(userId);
    if (goesOn && count === 0 && graceDays !== null) {
      tenant.askDeletion({ userId, graceDays }, this.clock.now());
      await this.tenants.save(tenant);
    }
    return null;
  }
}

const lastOwner = (organizations: readonly Organization[]) =>
  new DomainError(
    'conflict',
    'LAST_OWNER',
    'Others are in organisations that only you own: hand these over first, or delete them.',
    { details: { organizations } },
  );
