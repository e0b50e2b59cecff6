import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { InvitationParams, Invite } from '../use-cases/invite.js';
import { InvitationsPage, ReadInvitations } from '../use-cases/read-invitations.js';
import { INVITATION_EXAMPLE, InvitationsView, invitationView } from './invitations.view.js';

const RevokedView = z.object({ status: z.literal('revoked') });

/** The invitations of the caller's organisation. Sending one spans contexts: see onboarding. */
@Controller('/api/v1/tenant/invitations')
export class InvitationsController {
  constructor(
    private readonly read: ReadInvitations,
    private readonly invite: Invite,
  ) {}

  @Get()
  @Endpoint({
    summary: 'Who was invited, the newest first',
    access: 'bearer',
    output: InvitationsView,
    example: { data: [INVITATION_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(InvitationsPage) }) input: z.output<typeof InvitationsPage>,
  ): Promise<z.input<typeof InvitationsView>> {
    const { data, nextCursor } = await this.read.page(actor, input);
    return { data: data.map(invitationView), nextCursor };
  }

  @Delete('/:invitation_id')
  @Endpoint({
    summary: 'Take an invitation back; its link is void at once',
    access: 'bearer',
    output: RevokedView,
    example: { status: 'revoked' },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'ROLE_ABOVE_OWN'],
      not_found: ['NOT_FOUND'],
      conflict: ['INVITATION_ENDED'],
    },
  })
  async revoke(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(InvitationParams) }) { invitationId }: z.output<typeof InvitationParams>,
  ): Promise<z.input<typeof RevokedView>> {
    await this.invite.revoke(actor, invitationId);
    return { status: 'revoked' };
  }
}
