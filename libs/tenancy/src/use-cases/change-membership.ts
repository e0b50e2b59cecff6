import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, idOf, notFound } from '#platform';
import { Authority } from '../authority.js';
import { type Headcount, mustHaveRoom } from '../domain/headcount.js';
import type { Membership } from '../domain/membership.js';
import { isWithin, mustBeWithin, RUNS } from '../domain/permissions.js';
import { RoleName } from '../domain/role.js';
import type { MEMBERSHIP_ENDS } from '../events/index.js';
import { Headcounts } from '../persistence/headcount.js';
import { Invitations } from '../persistence/invitations.js';
import { Memberships } from '../persistence/memberships.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { Roles } from '../persistence/roles.js';
import { Tenants } from '../persistence/tenants.js';
import { isVouchedFor } from './accept-invitation.js';
import type { Leaving } from './leave-all.js';

export const MemberParams = z.strictObject({ membershipId: idOf('mem') });
export const ChangeMemberInput = z.strictObject({ role: RoleName });

/** Whose role became another one. */
export interface ChangedRole {
  membership: Membership;
  /** Whether it is another role than before. */
  hasChanged: boolean;
  /** Whether they may do less than before in anything. */
  isLess: boolean;
}

/**
 * Other roles, and ends of memberships. Each verb joins the caller's transaction, which puts in force at once what follows
 * in other contexts. All of them lock the tenant, so of two owners who leave at once the second finds that they are the last.
 */
@Injectable()
export class ChangeMembership {
  constructor(
    private readonly db: Db,
    private readonly authority: Authority,
    private readonly tenants: Tenants,
    private readonly roles: Roles,
    private readonly memberships: Memberships,
    private readonly invitations: Invitations,
    private readonly headcounts: Headcounts,
    private readonly removed: RemovedMembers,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 `MISSING_SCOPE` or `ROLE_ABOVE_OWN`, 404, 409 `LAST_OWNER` or `SEAT_LIMIT_REACHED`. */
  async changeRole(
    actor: Actor,
    membershipId: string,
    role: string,
    fitToOwn: Leaving['fitToOwn'],
  ): Promise<ChangedRole> {
    const { tenant, own } = await this.authority.must(actor, 'members:manage');
    const membership = await this.memberships.get(membershipId);
    const [before, after] = [await this.roles.grantsOf(membership.role), await this.roles.grantsOf(role)];
    mustBeWithin(own.grants, before);
    mustBeWithin(own.grants, after);
    if (role !== 'owner') await this.mustLeaveAnOwner(membership, fitToOwn);
    mustHaveRoom(tenant, await this.headcounts.members(), moved(before, after));
    return this.give(membership, role, { before, after });
  }

  /** Puts somebody out: by their domain they do not come back. Throws 403 `MISSING_SCOPE` or `ROLE_ABOVE_OWN`, 404, 409 `LAST_OWNER`. */
  async remove(actor: Actor, membershipId: string, fitToOwn: Leaving['fitToOwn']): Promise<Membership> {
    const { own } = await this.authority.must(actor, 'members:manage');
    const membership = await this.memberships.get(membershipId);
    mustBeWithin(own.grants, await this.roles.grantsOf(membership.role));
    await this.mustLeaveAnOwner(membership, fitToOwn);
    if (membership.userId === actor.id) return this.end(membership, 'left');
    await this.removed.add(membership.userId, this.clock.now());
    return this.end(membership, 'removed');
  }

  /** The actor's own. Throws 404, 409 `LAST_OWNER`. */
  async leave(actor: Actor, fitToOwn: Leaving['fitToOwn']): Promise<Membership> {
    await this.tenants.lock();
    const membership = await this.memberships.find(actor.id ?? '');
    if (!membership) throw notFound('member');
    await this.mustLeaveAnOwner(membership, fitToOwn);
    return this.end(membership, 'left');
  }

  /**
   * Hands the organisation over: the member becomes an owner, the actor has `role` from then on. Throws 403
   * `MISSING_SCOPE`, 404, 409 `ALREADY_OWNER` or `SEAT_LIMIT_REACHED`. Gives both, the new owner first.
   */
  async transfer(actor: Actor, membershipId: string, role: string): Promise<ChangedRole[]> {
    const { tenant, own } = await this.authority.must(actor, 'tenant:transfer');
    const heir = await this.memberships.get(membershipId);
    const giver = await this.memberships.find(actor.id ?? '');
    if (!giver) throw notFound('member');
    if (heir.id === giver.id)
      throw new DomainError('conflict', 'ALREADY_OWNER', 'Hand it over to somebody else.');
    const owner = await this.roles.grantsOf('owner');
    const [heirBefore, giverAfter] = [await this.roles.grantsOf(heir.role), await this.roles.grantsOf(role)];
    const more = moved(heirBefore, owner).seated + moved(own.grants, giverAfter).seated;
    mustHaveRoom(tenant, await this.headcounts.members(), { members: 0, seated: more });
    return [
      await this.give(heir, 'owner', { before: heirBefore, after: owner }),
      await this.give(giver, role, { before: own.grants, after: giverAfter }),
    ];
  }

  /** Whoever is no person any more is no member either. Whether an owner stays, LeaveAll has asked. False for who was none. */
  async forget(userId: string): Promise<boolean> {
    if (!(await this.tenants.tryLock(this.db.actor.tenantId ?? ''))) return false;
    const membership = await this.memberships.find(userId);
    if (membership) await this.end(membership, 'account_deleted');
    return membership !== null;
  }

  private async give(
    membership: Membership,
    role: string,
    { before, after }: { before: readonly string[]; after: readonly string[] },
  ): Promise<ChangedRole> {
    const now = this.clock.now();
    const hasChanged = membership.changeRole(role, now);
    if (hasChanged) await this.memberships.save(membership);
    for (const one of await this.invitations.pendingOf(membership.userId)) {
      const inviter = { role, grants: after };
      if (isVouchedFor(inviter, await this.roles.grantsIfThere(one.role))) continue;
      one.revoke('inviter_demoted', now);
      await this.invitations.save(one);
    }
    return { membership, hasChanged, isLess: !isWithin(after, before) };
  }

  private async end(membership: Membership, reason: (typeof MEMBERSHIP_ENDS)[number]): Promise<Membership> {
    const now = this.clock.now();
    for (const one of await this.invitations.pendingOf(membership.userId)) {
      one.revoke('inviter_gone', now);
      await this.invitations.save(one);
    }
    membership.end(reason, now);
    await this.memberships.delete(membership);
    return membership;
  }

  /** One who can look after the organisation. Throws 409 `LAST_OWNER`. */
  private async mustLeaveAnOwner({ role, userId }: Membership, fitToOwn: Leaving['fitToOwn']): Promise<void> {
    if (role !== 'owner') return;
    const others = (await this.memberships.userIdsWith('owner')).filter((id) => id !== userId);
    if ((await fitToOwn(others)).length > 0) return;
    throw new DomainError(
      'conflict',
      'LAST_OWNER',
      'An organisation has an owner: hand it over first, or delete it.',
    );
  }
}

/** How many seats another role takes; negative where it gives one back. */
const moved = (before: readonly string[], after: readonly string[]): Headcount => ({
  members: 0,
  seated: Number(after.includes(RUNS)) - Number(before.includes(RUNS)),
});
