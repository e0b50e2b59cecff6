import { Injectable } from '@nestjs/common';
import {
  Actor,
  Clock,
  type DeliveredEvent,
  type EventHandler,
  Handles,
  Mailer,
  MailSent,
  occurred,
  type RecordedEvent,
} from '#platform';
import { ReadContact } from '#identity';
import { EmailVerified } from '#identity/events';
import { ReadLicenses } from '#licensing';
import { DescribeMembership } from '#tenancy';
import { TenantRegistered } from '#tenancy/events';
import { welcomeMail } from './welcome-mail.js';

/**
 * Sends the key to whoever registered (S1-15): at once, or, where no issuer vouched for the address, when it is proved;
 * else a stranger would get it. An effect: it is repeated until the mail server has taken it, always under the
 * Message-ID made of the event's id.
 */
@Injectable()
@Handles('onboarding.send-welcome-mail', [TenantRegistered, EmailVerified], 'effect')
export class SendWelcomeMail implements EventHandler<typeof TenantRegistered | typeof EmailVerified> {
  constructor(
    private readonly readContact: ReadContact,
    private readonly readLicenses: ReadLicenses,
    private readonly describeMembership: DescribeMembership,
    private readonly mailer: Mailer,
    private readonly clock: Clock,
  ) {}

  async handle(
    event: DeliveredEvent<typeof TenantRegistered | typeof EmailVerified>,
  ): Promise<RecordedEvent[]> {
    const { payload } = event;
    const isSignUp = 'ownerUserId' in payload;
    const userId = isSignUp ? payload.ownerUserId : payload.userId;
    const actor = Actor.system(event.tenantId, event.traceId);
    const [contact, license, membership] = await Promise.all([
      this.readContact.execute(actor, userId),
      this.readLicenses.first(actor),
      this.describeMembership.execute(actor.as({ type: 'user', id: userId })),
    ]);
    if (!contact || !license || !membership) return [];
    if (isSignUp !== (contact.registeredWith === 'upstream')) return [];

    const key = await this.readLicenses.reveal(actor, license.id);
    const mail = welcomeMail({
      organization: membership.tenant.name,
      name: contact.displayName,
      key,
      tier: license.tier,
    });
    const messageId = `<${event.id}.welcome@gatehouse>`;
    await this.mailer.send({ ...mail, to: contact.email, messageId });
    return [occurred(MailSent, { kind: 'welcome', userId: contact.id, messageId }, this.clock.now())];
  }
}
