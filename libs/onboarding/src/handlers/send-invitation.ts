import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EventHandler,
  EventMail,
  Handles,
  type RecordedEvent,
} from '#platform';
import { ReadContact } from '#identity';
import { InvitationsConfig, ReadInvitations } from '#tenancy';
import { InvitationCreated, InvitationResent } from '#tenancy/events';
import { invitationMail } from './invitation-mail.js';

type Sent = typeof InvitationCreated | typeof InvitationResent;

/**
 * Writes to whoever is invited. What holds when it is sent decides: of an invitation that was taken back meanwhile, and of
 * one whose sender is no member any more, nothing goes out.
 */
@Injectable()
@Handles('onboarding.send-invitation', [InvitationCreated, InvitationResent], 'effect')
export class SendInvitation implements EventHandler<Sent> {
  constructor(
    private readonly readInvitations: ReadInvitations,
    private readonly readContact: ReadContact,
    private readonly eventMail: EventMail,
    private readonly config: InvitationsConfig,
  ) {}

  async handle(event: DeliveredEvent<Sent>): Promise<RecordedEvent[]> {
    const { invitationId: id, generation } = event.payload;
    const system = Actor.system(event.tenantId, event.traceId);
    const found = await this.readInvitations.toSend(system, { id, generation });
    if (!found) return [];
    const { invitation, tenant, token } = found;
    const inviter = await this.readContact.execute(system, invitation.invitedBy);
    const words = {
      organization: tenant.name,
      inviter: inviter?.displayName ?? null,
      role: invitation.role,
      token,
      expiresAt: invitation.expiresAt,
    };
    const mail = { ...invitationMail(words, this.config.baseUrl), to: invitation.email };
    return this.eventMail.send(event, 'invitation', mail, { kind: 'invitation', userId: null });
  }
}
