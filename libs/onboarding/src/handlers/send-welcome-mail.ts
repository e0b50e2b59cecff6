import { Injectable } from '@nestjs/common';
import {
  Actor,
  Clock,
  type DeliveredEvent,
  type EventHandler,
  Handles,
  Mailer,
  MailRefused,
  MailSent,
  occurred,
  PermanentFailure,
  type RecordedEvent,
} from '#platform';
import { ReadContact } from '#identity';
import { ReadLicenses } from '#licensing';
import { TenantRegistered } from '#tenancy/events';
import { welcomeMail } from './welcome-mail.js';

/**
 * Sends the key to whoever registered (S1-15). An effect: it is repeated until the mail server has taken it,
 * always under the Message-ID made of the event's id.
 */
@Injectable()
@Handles('onboarding.send-welcome-mail', TenantRegistered, 'effect')
export class SendWelcomeMail implements EventHandler<typeof TenantRegistered> {
  constructor(
    private readonly readContact: ReadContact,
    private readonly readLicenses: ReadLicenses,
    private readonly mailer: Mailer,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<typeof TenantRegistered>): Promise<RecordedEvent[]> {
    const actor = Actor.system(event.tenantId, event.traceId);
    const [contact, license] = await Promise.all([
      this.readContact.execute(actor, event.payload.ownerUserId),
      this.readLicenses.first(actor),
    ]);
    if (!contact || !license) return [];

    const key = await this.readLicenses.reveal(actor, license.id);
    const mail = welcomeMail({
      organization: event.payload.name,
      name: contact.displayName,
      key,
      tier: license.tier,
    });
    const messageId = `<${event.id}.welcome@gatehouse>`;
    try {
      await this.mailer.send({ ...mail, to: contact.email, messageId });
    } catch (error) {
      if (error instanceof MailRefused) throw new PermanentFailure(error.message, { cause: error });
      throw error;
    }
    return [occurred(MailSent, { kind: 'welcome', userId: contact.id, messageId }, this.clock.now())];
  }
}
