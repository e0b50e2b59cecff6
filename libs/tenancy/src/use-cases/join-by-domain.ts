import { Injectable } from '@nestjs/common';
import { Clock, Db, DomainError } from '#platform';
import { mustHaveRoom, onePerson } from '../domain/headcount.js';
import { Membership } from '../domain/membership.js';
import { grantsOfRole } from '../domain/permissions.js';
import { Headcounts } from '../persistence/headcount.js';
import { Memberships } from '../persistence/memberships.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { Tenants } from '../persistence/tenants.js';
import { tenantSuspended } from './accept-invitation.js';
import { alreadyMember } from './invite.js';

/** What those are who come by themselves. */
export const JOINERS_ROLE = 'member';

/**
 * 404 in the same words for a slug of nobody, an organisation that lets in no such address, and one that has put the
 * person out: it tells strangers nothing, and is true of each.
 */
export const noWayIn = () =>
  new DomainError(
    'not_found',
    'NOT_FOUND',
    'No organisation of this name lets you in by your address; ask there for an invitation.',
  );

/** Makes somebody a member whose proved address is of a domain that the organisation lets in by itself. */
@Injectable()
export class JoinByDomain {
  constructor(
    private readonly db: Db,
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
    private readonly headcounts: Headcounts,
    private readonly removed: RemovedMembers,
    private readonly clock: Clock,
  ) {}

  /**
   * Joins the caller's transaction, of the person in that tenant. Throws {@link noWayIn} where the tenant does not let such
   * addresses in, or has put this person out; 403 `TENANT_SUSPENDED`, 409 `ALREADY_MEMBER`,
   * `SEAT_LIMIT_REACHED` or `MEMBER_LIMIT_REACHED`.
   */
  async execute(provedEmail: string): Promise<Membership> {
    const userId = this.db.actor.id ?? '';
    const tenant = await this.tenants.tryLock(this.db.actor.tenantId ?? '');
    if (!tenant || tenant.status === 'deleted') throw noWayIn();
    if (await this.memberships.isMember(userId)) throw alreadyMember();
    if (!tenant.admits(provedEmail) || (await this.removed.has(userId))) throw noWayIn();
    if (tenant.status === 'suspended') throw tenantSuspended();
    mustHaveRoom(tenant, await this.headcounts.members(), onePerson(grantsOfRole(JOINERS_ROLE)));
    const init = { tenantId: tenant.id, userId, role: JOINERS_ROLE, by: 'domain' } as const;
    const membership = Membership.create(init, this.clock.now());
    await this.memberships.insert(membership);
    return membership;
  }
}
