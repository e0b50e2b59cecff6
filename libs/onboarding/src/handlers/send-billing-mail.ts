import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EffectParts,
  type EventHandler,
  EventMail,
  Handles,
  type Letter,
} from '#platform';
import { ReadBillingContacts } from '#billing';
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
    private readonly readContacts: ReadBillingContacts,
    private readonly eventMail: EventMail,
  ) {}

  async handle(event: DeliveredEvent<typeof NoticeRaised>, parts: EffectParts): Promise<void> {
    await this.eventMail.sendEach(event, await this.letters(event), parts);
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
    const kind = `billing_${payload.kind}` as const;
    const letters = new Map<string, Letter>();
    for (const userId of tenant.payers) {
      const contact = await this.readContact.execute(actor, userId);
      if (!contact) continue;
      const mail = { ...billingMail(tenant.name, contact.displayName, payload), to: contact.email };
      letters.set(contact.email, { about: userId, mail, told: { kind, userId } });
    }
    for (const to of others.filter((one) => !letters.has(one))) {
      const mail = { ...billingMail(tenant.name, null, payload), to };
      letters.set(to, { about: `contact-${shortHash(to)}`, mail, told: { kind, userId: null } });
    }
    return [...letters.values()];
  }
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
