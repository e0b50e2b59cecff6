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
import { EmailVerified } from '#identity/events';
import { ReadLicenses } from '#licensing';
import { DescribeMembership } from '#tenancy';
import { TenantRegistered } from '#tenancy/events';
import { welcomeMail } from './welcome-mail.js';

/**
 * Sends the key to whoever registered (S1-15): at once, or, where no issuer vouched for the address, when it is proved;
 * else a stranger would get it. An effect: it is repeated until the mail server has taken it.
 */
@Injectable()
@Handles('onboarding.send-welcome-mail', [TenantRegistered, EmailVerified], 'effect')
export class SendWelcomeMail implements EventHandler<typeof TenantRegistered | typeof EmailVerified> {
  constructor(
    private readonly readContact: ReadContact,
    private readonly readLicenses: ReadLicenses,
    private readonly describeMembership: DescribeMembership,
    private readonly eventMail: EventMail,
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
    // Whoever was invited has proved an address too, and the key is not theirs to get.
    if (membership.role !== 'owner') return [];
    const atOnce =
      contact.registeredWith === 'upstream' || ('isFurther' in payload && payload.isFurther === true);
    if (isSignUp !== atOnce) return [];

    const key = await this.readLicenses.reveal(actor, license.id);
    const mail = welcomeMail({
      organization: membership.tenant.name,
      name: contact.displayName,
      key,
      tier: license.tier,
    });
    const told = { kind: 'welcome', userId: contact.id } as const;
    return this.eventMail.send(event, 'welcome', { ...mail, to: contact.email }, told);
  }
}
