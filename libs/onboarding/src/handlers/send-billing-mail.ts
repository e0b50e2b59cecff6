import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EventHandler,
  EventMail,
  Handles,
  type RecordedEvent,
} from '#platform';
import { NoticeRaised } from '#billing/events';
import { ReadContact } from '#identity';
import { DescribePayers } from '#tenancy';
import { billingMail } from './billing-mail.js';

/** Tells those whom it concerns what becomes of what an organisation pays. */
@Injectable()
@Handles('onboarding.send-billing-mail', NoticeRaised, 'effect')
export class SendBillingMail implements EventHandler<typeof NoticeRaised> {
  constructor(
    private readonly describePayers: DescribePayers,
    private readonly readContact: ReadContact,
    private readonly eventMail: EventMail,
  ) {}

  async handle(event: DeliveredEvent<typeof NoticeRaised>): Promise<RecordedEvent[]> {
    const actor = Actor.system(event.tenantId, event.traceId);
    const tenant = await this.describePayers.execute(actor);
    const told: RecordedEvent[] = [];
    for (const userId of tenant?.payers ?? []) {
      const contact = await this.readContact.execute(actor, userId);
      if (!contact) continue;
      const mail = { ...billingMail(tenant!.name, contact.displayName, event.payload), to: contact.email };
      const kind = `billing_${event.payload.kind}` as const;
      told.push(...(await this.eventMail.send(event, userId, mail, { kind, userId })));
    }
    return told;
  }
}
