import { Body, Controller, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, wire } from '#platform';
import {
  INVITATION_EXAMPLE,
  InvitationParams,
  InvitationToken,
  InvitationView,
  invitationView,
} from '#tenancy';
import { InviteInput, InvitePeople } from '../use-cases/invite-people.js';
import { JOINED_EXAMPLE, JoinedView } from './organizations.view.js';
import { doneView } from './members.view.js';

const TokenInput = z.strictObject({ token: InvitationToken });
const DeclinedView = doneView('declined');

const PreviewView = z.object({
  tenant: z.object({ id: idOf('ten'), name: z.string(), slug: z.string() }),
  email: z.string(),
  role: z.string(),
  /** What the one who sent it is called; null when they have not said. */
  invitedBy: z.string().nullable(),
  /** Whether the address has an account: sign in and accept; else sign up with the token. */
  accountExists: z.boolean(),
  expiresAt: z.date(),
});

const SENT = ['SEAT_LIMIT_REACHED', 'MEMBER_LIMIT_REACHED'];

/** Invitations, as they are sent and as they are answered. */
@Controller('/api/v1')
export class InvitePeopleController {
  constructor(private readonly people: InvitePeople) {}

  @Post('/tenant/invitations')
  @Endpoint({
    summary:
      'Invite an address; the mail that goes there has the link. To the role of an owner it needs a step-up',
    access: 'bearer',
    idempotent: 'plain',
    status: 201,
    output: InvitationView,
    example: INVITATION_EXAMPLE,
    bodyExample: { email: INVITATION_EXAMPLE.email, role: INVITATION_EXAMPLE.role },
    refusals: {
      forbidden: [
        'MISSING_SCOPE',
        'EMAIL_NOT_VERIFIED',
        'ROLE_ABOVE_OWN',
        'DOMAIN_NOT_ALLOWED',
        'REAUTHENTICATION_REQUIRED',
      ],
      not_found: ['NOT_FOUND'],
      conflict: ['ALREADY_MEMBER', 'INVITATION_PENDING', ...SENT],
    },
  })
  async send(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(InviteInput) }) input: z.output<typeof InviteInput>,
  ): Promise<z.input<typeof InvitationView>> {
    return invitationView(await this.people.send(actor, input));
  }

  @Post('/tenant/invitations/:invitation_id/resend')
  @Endpoint({
    summary: 'Send it once more, with a new link; the one before is void',
    access: 'bearer',
    output: InvitationView,
    example: INVITATION_EXAMPLE,
    refusals: {
      forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED', 'ROLE_ABOVE_OWN', 'DOMAIN_NOT_ALLOWED'],
      not_found: ['NOT_FOUND'],
      conflict: ['INVITATION_ENDED', ...SENT],
    },
  })
  async resend(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(InvitationParams) }) { invitationId }: z.output<typeof InvitationParams>,
  ): Promise<z.input<typeof InvitationView>> {
    return invitationView(await this.people.resend(actor, invitationId));
  }

  @Post('/invitations/preview')
  @Endpoint({
    summary: 'What the token of an invitation invites to, for whoever holds it',
    access: 'public',
    output: PreviewView,
    example: {
      tenant: JOINED_EXAMPLE.tenant,
      email: INVITATION_EXAMPLE.email,
      role: INVITATION_EXAMPLE.role,
      invited_by: 'Ada',
      account_exists: false,
      expires_at: INVITATION_EXAMPLE.expires_at,
    },
    refusals: { gone: ['INVITATION_GONE'] },
  })
  async preview(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(TokenInput) }) { token }: z.output<typeof TokenInput>,
  ): Promise<z.input<typeof PreviewView>> {
    const { invitation, tenant, inviterName, hasAccount } = await this.people.preview(actor, token);
    const { email, role, expiresAt } = invitation;
    return { tenant, email, role, invitedBy: inviterName, accountExists: hasAccount, expiresAt };
  }

  @Post('/invitations/decline')
  @Endpoint({
    summary: 'Say no to an invitation; whoever holds its token may',
    access: 'public',
    output: DeclinedView,
    example: { status: 'declined' },
    refusals: { forbidden: ['TENANT_SUSPENDED'], gone: ['INVITATION_GONE'] },
  })
  async decline(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(TokenInput) }) { token }: z.output<typeof TokenInput>,
  ): Promise<z.input<typeof DeclinedView>> {
    await this.people.decline(actor, token);
    return { status: 'declined' };
  }

  @Post('/invitations/accept')
  @Endpoint({
    summary: 'Become a member, as who is signed in; `POST /auth/switch` leads there',
    access: 'bearer',
    output: JoinedView,
    example: JOINED_EXAMPLE,
    refusals: {
      forbidden: [
        'INVITATION_FOR_OTHER_ADDRESS',
        'EMAIL_NOT_VERIFIED',
        'DOMAIN_NOT_ALLOWED',
        'TENANT_SUSPENDED',
      ],
      conflict: ['ALREADY_MEMBER', ...SENT],
      gone: ['INVITATION_GONE'],
    },
  })
  accept(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(TokenInput) }) { token }: z.output<typeof TokenInput>,
  ): Promise<z.input<typeof JoinedView>> {
    return this.people.accept(actor, token);
  }
}
