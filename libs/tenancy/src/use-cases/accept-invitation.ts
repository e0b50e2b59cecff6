import { Injectable } from '@nestjs/common';
import { Clock, Db, DomainError } from '#platform';
import { mustHaveRoom, onePerson } from '../domain/headcount.js';
import { type Invitation, invitationGone } from '../domain/invitation.js';
import { Membership } from '../domain/membership.js';
import { isWithin } from '../domain/permissions.js';
import type { Tenant } from '../domain/tenant.js';
import { InvitationTokens } from '../invitations/invitation-token.js';
import { Headcounts } from '../persistence/headcount.js';
import { Invitations } from '../persistence/invitations.js';
import { Memberships, type Standing } from '../persistence/memberships.js';
import { RemovedMembers } from '../persistence/removed-members.js';
import { Roles } from '../persistence/roles.js';
import { Tenants } from '../persistence/tenants.js';
import { alreadyMember, mustAllow } from './invite.js';

/** Whether whoever sent an invitation is a member still, and may invite to such a role, which null says is gone. */
export const isVouchedFor = (inviter: Standing | null, grants: readonly string[] | null): boolean =>
  inviter !== null &&
  grants !== null &&
  inviter.grants.includes('members:invite') &&
  isWithin(inviter.grants, grants);

/**
 * Makes an invited person a member. Everything is asked again under the tenant's lock: what an invitation stood on when
 * it was sent may be gone, and of twenty who accept at once no more come in than the plan lets in.
 */
@Injectable()
export class AcceptInvitation {
  constructor(
    private readonly db: Db,
    private readonly tokens: InvitationTokens,
    private readonly tenants: Tenants,
    private readonly roles: Roles,
    private readonly memberships: Memberships,
    private readonly invitations: Invitations,
    private readonly headcounts: Headcounts,
    private readonly removed: RemovedMembers,
    private readonly clock: Clock,
  ) {}

  /**
   * Joins the caller's transaction, of the person in the token's tenant; whoever calls has seen that the address is
   * theirs. Repeated by whom it has made a member, it gives the same. Throws 403 `TENANT_SUSPENDED` or
   * `DOMAIN_NOT_ALLOWED`, 409 `ALREADY_MEMBER`, `SEAT_LIMIT_REACHED` or `MEMBER_LIMIT_REACHED`, 410 `INVITATION_GONE`.
   */
  async execute(text: string): Promise<Membership> {
    const userId = this.db.actor.id ?? '';
    const { tenant, invitation } = await this.locked(text);
    const there = await this.memberships.find(userId);
    if (there && invitation.acceptedBy === userId) return there;
    const now = this.clock.now();
    if (!invitation.isOpen(now)) throw invitationGone();
    if (there) throw alreadyMember();
    mustAllow(tenant, invitation.email);

    const { role, invitedBy } = invitation;
    const grants = await this.roles.grantsIfThere(role);
    const inviter = await this.memberships.standingOf(invitedBy);
    if (!grants || !isVouchedFor(inviter, grants)) throw invitationGone();
    mustHaveRoom(tenant, await this.headcounts.members(), onePerson(grants));
    invitation.accept(userId, now);
    await this.invitations.save(invitation);
    const membership = Membership.create({ tenantId: tenant.id, userId, role, by: 'invitation' }, now);
    await this.memberships.insert(membership);
    await this.removed.clear(userId);
    return membership;
  }

  /** Joins the caller's transaction, like {@link execute}; whoever holds the token may. Throws 410 `INVITATION_GONE`. */
  async decline(text: string): Promise<void> {
    const { invitation } = await this.locked(text);
    invitation.decline(this.clock.now());
    await this.invitations.save(invitation);
  }

  private async locked(text: string): Promise<{ tenant: Tenant; invitation: Invitation }> {
    const token = this.tokens.parse(text);
    if (token?.tenantId !== this.db.actor.tenantId) throw invitationGone();
    const tenant = await this.tenants.tryLock(token.tenantId);
    const invitation = tenant && (await this.invitations.find(token.invitationId));
    if (!invitation || !this.tokens.isOf(token, invitation)) throw invitationGone();
    if (tenant.status === 'deleted') throw invitationGone();
    if (tenant.status === 'suspended') throw tenantSuspended();
    return { tenant, invitation };
  }
}

export const tenantSuspended = () =>
  new DomainError('forbidden', 'TENANT_SUSPENDED', 'The organisation is suspended.');
