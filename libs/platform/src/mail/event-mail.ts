import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { DeliveredEvent, PayloadOf } from '../events/event.js';
import { occurred, type RecordedEvent } from '../events/outbox.js';
import { MailSent } from './mail-events.js';
import { Mailer, type OutgoingMail } from './mailer.js';

/** What the trail says of a mail. */
type Told = Omit<PayloadOf<typeof MailSent>, 'messageId'>;

/**
 * Sends the mail that an event asks for: always under the Message-ID made of the event's id, so that whoever gets it a
 * second time, after a lost answer, can tell.
 */
@Injectable()
export class EventMail {
  constructor(
    private readonly mailer: Mailer,
    private readonly clock: Clock,
  ) {}

  /** `about` tells mails of one event apart. Gives what the trail is to say; throws like {@link Mailer.send}. */
  async send(
    event: Pick<DeliveredEvent, 'id'>,
    about: string,
    mail: Omit<OutgoingMail, 'messageId'>,
    told: Told,
  ): Promise<RecordedEvent[]> {
    const messageId = `<${event.id}.${about}@gatehouse>`;
    await this.mailer.send({ ...mail, messageId });
    return [occurred(MailSent, { ...told, messageId }, this.clock.now())];
  }
}
