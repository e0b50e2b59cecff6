import { Injectable } from '@nestjs/common';
import { Log } from '../telemetry/logger.js';
import { Clock } from '../clock/clock.js';
import type { DeliveredEvent, PayloadOf } from '../events/event.js';
import type { EffectParts } from '../events/handler.js';
import { occurred, type RecordedEvent } from '../events/outbox.js';
import { MailSent } from './mail-events.js';
import { Mailer, MailRefused, MailUnavailable, type OutgoingMail } from './mailer.js';

/** What the trail says of a mail. */
type Told = Omit<PayloadOf<typeof MailSent>, 'messageId'>;

/** One of several mails of an event. */
export interface Letter {
  /** Tells it apart from those to others, whoever else is written to by then. */
  about: string;
  mail: Omit<OutgoingMail, 'messageId'>;
  told: Told;
}

/**
 * Sends the mail that an event asks for: always under the Message-ID made of the event's id, so that whoever gets it a
 * second time, after a lost answer, can tell.
 */
@Injectable()
export class EventMail {
  constructor(
    private readonly mailer: Mailer,
    private readonly clock: Clock,
    private readonly log: Log,
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

  /**
   * Sends the letters of one event, to each once: what a server takes for one of them is not sent again because it does not
   * for another, and what it refuses for good is not offered again.
   *
   * @throws MailUnavailable when some can only be sent later; at once, when that is not about whom they are for.
   * @throws MailRefused when nobody at all could be told.
   */
  async sendEach(
    event: Pick<DeliveredEvent, 'id' | 'tenantId'>,
    letters: readonly Letter[],
    parts: EffectParts,
  ): Promise<void> {
    let later: MailUnavailable | null = null;
    let refused: MailRefused | null = null;
    const open = letters.filter(({ about }) => !parts.done.has(refusalOf(about)));
    // All refused: somebody has put that right, and asks for another attempt.
    for (const letter of open.length > 0 ? open : letters) {
      try {
        await parts.once(letter.about, () => this.send(event, letter.about, letter.mail, letter.told));
      } catch (error) {
        if (error instanceof MailRefused) refused = await this.noteRefusal(event, letter, parts, error);
        else if (error instanceof MailUnavailable && error.isOfRecipient) later = error;
        else throw error;
      }
    }
    if (later) throw later;
    const isAnyTold = letters.some(({ about }) => parts.done.has(about));
    if (refused && !isAnyTold) throw refused;
  }

  /** What the server says names the address, so that is not in the log. */
  private async noteRefusal(
    event: Pick<DeliveredEvent, 'id' | 'tenantId'>,
    { about, told }: Letter,
    parts: EffectParts,
    error: MailRefused,
  ): Promise<MailRefused> {
    const facts = { tenant_id: event.tenantId, event_id: event.id, about, kind: told.kind };
    this.log.warn(facts, 'A mail was refused for good; the others are sent all the same.');
    await parts.once(refusalOf(about), () => Promise.resolve([]));
    return error;
  }
}

const refusalOf = (about: string) => `refused ${about}`;
