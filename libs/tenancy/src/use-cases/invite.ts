import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, idOf } from '#platform';
import { Authority } from '../authority.js';
import { mustHaveRoom, onePerson, together } from '../domain/headcount.js';
import { Invitation } from '../domain/invitation.js';
import { mustBeWithin } from '../domain/permissions.js';
import type { Tenant } from '../domain/tenant.js';
import { Headcounts } from '../persistence/headcount.js';
import { Invitations } from '../persistence/invitations.js';
import { Memberships } from '../persistence/memberships.js';
import { Roles } from '../persistence/roles.js';
import { InvitationsConfig } from '../tenancy.config.js';

export const InvitationParams = z.strictObject({ invitationId: idOf('inv') });

const DAY_MS = 86_400_000;

export interface Wish {
  email: string;
  role: string;
  /** Whose proved address it is, if anybody's. */
  ownerUserId: string | null;
}

/** Invitations as whoever may invite sends them. Each verb joins the caller's transaction. */
@Injectable()
export class Invite {
  constructor(
    private readonly db: Db,
    private readonly config: InvitationsConfig,
    private readonly authority: Authority,
    private readonly roles: Roles,
    private readonly memberships: Memberships,
    private readonly invitations: Invitations,
    private readonly headcounts: Headcounts,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403 `MISSING_SCOPE`, `EMAIL_NOT_VERIFIED`, `ROLE_ABOVE_OWN` or `DOMAIN_NOT_ALLOWED`, 404 for a role that is not
   * there, 409 `ALREADY_MEMBER`, `INVITATION_PENDING`, `SEAT_LIMIT_REACHED` or `MEMBER_LIMIT_REACHED`.
   */
  async execute(actor: Actor, { email, role, ownerUserId }: Wish): Promise<Invitation> {
    actor.mustHaveVerifiedEmail();
    const { tenant, own } = await this.authority.must(actor, 'members:invite');
    const grants = await this.roles.grantsOf(role);
    mustBeWithin(own.grants, grants);
    mustAllow(tenant, email);
    if (ownerUserId && (await this.memberships.isMember(ownerUserId))) throw alreadyMember();
    const now = this.clock.now();
    await this.makeWay(email, now);
    await this.mustHaveRoom(tenant, grants, now);
    const [tenantId, invitedBy] = [tenant.id, actor.id ?? ''];
    const invitation = Invitation.create(
      { tenantId, email, role, invitedBy, expiresAt: this.expiryFrom(now) },
      now,
    );
    await this.invitations.insert(invitation);
    return invitation;
  }

  /**
   * Sends it anew, with a token of its own, in the caller's name. Throws 403 `MISSING_SCOPE`, `EMAIL_NOT_VERIFIED`,
   * `ROLE_ABOVE_OWN` or `DOMAIN_NOT_ALLOWED`, 404 also where the role is gone, 409 `INVITATION_ENDED`, `SEAT_LIMIT_REACHED` or `MEMBER_LIMIT_REACHED`.
   */
  async resend(actor: Actor, id: string): Promise<Invitation> {
    actor.mustHaveVerifiedEmail();
    const { tenant, own } = await this.authority.must(actor, 'members:invite');
    const invitation = await this.invitations.get(id);
    const grants = await this.roles.grantsOf(invitation.role);
    mustBeWithin(own.grants, grants);
    mustAllow(tenant, invitation.email);
    const now = this.clock.now();
    // One that has run out was not counted.
    if (invitation.status === 'pending' && !invitation.isOpen(now))
      await this.mustHaveRoom(tenant, grants, now);
    invitation.resend(actor.id ?? '', this.expiryFrom(now), now);
    await this.invitations.save(invitation);
    return invitation;
  }

  /** Throws 403 `MISSING_SCOPE` or `ROLE_ABOVE_OWN`, 404, 409 `INVITATION_ENDED`. */
  revoke(actor: Actor, id: string): Promise<void> {
    return this.db.transaction(actor, async () => {
      const { own } = await this.authority.must(actor, 'members:invite');
      const invitation = await this.invitations.get(id);
      // Of a role that is gone nothing is above anybody.
      mustBeWithin(own.grants, (await this.roles.grantsIfThere(invitation.role)) ?? []);
      invitation.revoke('revoked', this.clock.now());
      await this.invitations.save(invitation);
    });
  }

  /** Throws 409 `INVITATION_PENDING`; what has run out gives way. */
  private async makeWay(email: string, now: Date): Promise<void> {
    const before = await this.invitations.pendingTo(email);
    if (!before) return;
    if (before.isOpen(now))
      throw new DomainError('conflict', 'INVITATION_PENDING', 'They are invited already; send it again.', {
        details: { invitationId: before.id },
      });
    before.expire(now);
    await this.invitations.save(before);
  }

  private async mustHaveRoom(tenant: Tenant, grants: readonly string[], now: Date): Promise<void> {
    const [there, coming] = await Promise.all([this.headcounts.members(), this.headcounts.invited(now)]);
    mustHaveRoom(tenant, together(there, coming), onePerson(grants));
  }

  private expiryFrom(now: Date): Date {
    return new Date(now.getTime() + this.config.days * DAY_MS);
  }
}

/** Throws 403 `DOMAIN_NOT_ALLOWED`. */
export function mustAllow(tenant: Tenant, email: string): void {
  if (tenant.allows(email)) return;
  throw new DomainError(
    'forbidden',
    'DOMAIN_NOT_ALLOWED',
    'Members of this organisation have addresses of certain domains.',
    { details: { allowedDomains: tenant.allowedDomains } },
  );
}

export const alreadyMember = () =>
  new DomainError('conflict', 'ALREADY_MEMBER', 'They are a member of the organisation already.');
