import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EventHandler,
  EventMail,
  Handles,
  Log,
  MailRefused,
  type OutgoingMail,
  type RecordedEvent,
} from '#platform';
import { ReadBillingContacts } from '#billing';
import { NoticeRaised } from '#billing/events';
import { ReadContact } from '#identity';
import { DescribePayers } from '#tenancy';
import { billingMail } from './billing-mail.js';

/** One mail of a notice: `about` tells it apart from those to others, whoever else is written to by then. */
interface Letter {
  about: string;
  userId: string | null;
  mail: Omit<OutgoingMail, 'messageId'>;
}

/** Tells those whom it concerns what becomes of what an organisation pays. */
@Injectable()
@Handles('onboarding.send-billing-mail', NoticeRaised, 'effect')
export class SendBillingMail implements EventHandler<typeof NoticeRaised> {
  constructor(
    private readonly describePayers: DescribePayers,
    private readonly readContact: ReadContact,
    private readonly readContacts: ReadBillingContacts,
    private readonly eventMail: EventMail,
    private readonly log: Log,
  ) {}

  /** Throws what no mail server takes only when nobody at all could be told. */
  async handle(event: DeliveredEvent<typeof NoticeRaised>): Promise<RecordedEvent[]> {
    const kind = `billing_${event.payload.kind}` as const;
    const told: RecordedEvent[] = [];
    const refused: MailRefused[] = [];
    for (const { about, userId, mail } of await this.letters(event)) {
      try {
        told.push(...(await this.eventMail.send(event, about, mail, { kind, userId })));
      } catch (error) {
        if (!(error instanceof MailRefused)) throw error;
        // The others are told all the same.
        refused.push(error);
        const facts = { tenant_id: event.tenantId, event_id: event.id, about, error };
        this.log.warn(facts, 'A mail about what is paid was refused.');
      }
    }
    if (told.length === 0 && refused[0]) throw refused[0];
    return told;
  }

  private async letters({
    tenantId,
    traceId,
    payload,
  }: DeliveredEvent<typeof NoticeRaised>): Promise<Letter[]> {
    const actor = Actor.system(tenantId, traceId);
    const [tenant, others] = await Promise.all([
      this.describePayers.execute(actor),
      this.readContacts.execute(actor),
    ]);
    if (!tenant) return [];
    const letters = new Map<string, Letter>();
    for (const userId of tenant.payers) {
      const contact = await this.readContact.execute(actor, userId);
      if (!contact) continue;
      const mail = { ...billingMail(tenant.name, contact.displayName, payload), to: contact.email };
      letters.set(contact.email, { about: userId, userId, mail });
    }
    for (const to of others.filter((one) => !letters.has(one))) {
      const mail = { ...billingMail(tenant.name, null, payload), to };
      letters.set(to, { about: `contact-${shortHash(to)}`, userId: null, mail });
    }
    return [...letters.values()];
  }
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
