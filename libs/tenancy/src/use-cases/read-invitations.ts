import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, idOf, type Page, pageOf } from '#platform';
import { INVITATION_STATUSES, invitationGone, statusAt } from '../domain/invitation.js';
import { InvitationTokens } from '../invitations/invitation-token.js';
import { type InvitationRow, Invitations } from '../persistence/invitations.js';
import { Memberships } from '../persistence/memberships.js';
import { type TenantDetails, Tenants } from '../persistence/tenants.js';
import { isVouchedFor } from './accept-invitation.js';

export const InvitationsPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('inv').optional(),
  /** What they have come to. */
  status: z.enum(INVITATION_STATUSES).default('pending'),
});

/** What the holder of a token is invited to. */
export interface OpenedInvitation {
  invitation: InvitationRow;
  tenant: TenantDetails;
  /** The actor, in that tenant. */
  scoped: Actor;
}

@Injectable()
export class ReadInvitations {
  constructor(
    private readonly invitations: Invitations,
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
    private readonly tokens: InvitationTokens,
    private readonly clock: Clock,
  ) {}

  /** Those of the actor's tenant, the newest first. Throws 403 `MISSING_SCOPE`. */
  async page(
    actor: Actor,
    { limit, cursor, status }: z.output<typeof InvitationsPage>,
  ): Promise<Page<InvitationRow>> {
    actor.must('members:invite');
    const now = this.clock.now();
    const rows = await this.invitations.page(actor, {
      status,
      before: cursor ?? null,
      limit: limit + 1,
      now,
    });
    const page = pageOf(rows, limit, ({ id }) => id);
    return { ...page, data: page.data.map((row) => ({ ...row, status: statusAt(row, now) })) };
  }

  /** What a token opens, for whoever holds it; an accepted one only for who accepted it. Throws 410 `INVITATION_GONE`. */
  async open(actor: Actor, text: string): Promise<OpenedInvitation> {
    const token = this.tokens.parse(text);
    if (!token) throw invitationGone();
    const scoped = actor.as({ tenantId: token.tenantId, scopes: [] });
    const invitation = await this.invitations.look(scoped, token.invitationId);
    if (!invitation || !this.tokens.isOf(token, invitation)) throw invitationGone();
    const isOpen = statusAt(invitation, this.clock.now()) === 'pending';
    const isOwn = invitation.status === 'accepted' && invitation.acceptedBy === actor.id;
    if (!isOpen && !isOwn) throw invitationGone();
    const tenant = await this.tenants.details(scoped);
    if (tenant.status === 'deleted') throw invitationGone();
    return { invitation, tenant, scoped };
  }

  /**
   * What the worker writes to whoever is invited: null when there is nothing to write any more, because it was accepted,
   * taken back or sent once more, or whoever sent it may not invite any more.
   */
  async toSend(
    system: Actor,
    { id, generation }: { id: string; generation: number },
  ): Promise<{ invitation: InvitationRow; tenant: TenantDetails; token: string } | null> {
    const invitation = await this.invitations.look(system, id);
    if (!invitation || invitation.generation !== generation) return null;
    if (statusAt(invitation, this.clock.now()) !== 'pending') return null;
    const [tenant, inviter, grants] = await Promise.all([
      this.tenants.details(system),
      this.memberships.roleOf(system.as({ id: invitation.invitedBy })),
      this.memberships.grantsOfRole(system, invitation.role),
    ]);
    if (tenant.status === 'deleted' || !isVouchedFor(inviter, grants)) return null;
    return { invitation, tenant, token: this.tokens.of(invitation) };
  }
}
