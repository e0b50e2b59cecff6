import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EventHandler,
  EventMail,
  Handles,
  type RecordedEvent,
} from '#platform';
import { MailTokensConfig } from '../accounts/accounts.config.js';
import { formatMailToken } from '../accounts/mail-token.js';
import { IdentityLinked, IdentityUnlinked, LinkAsked } from '../events/index.js';
import { type IdentityMail, identityMail } from '../mails/identity-mail.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { PendingIdentities } from '../persistence/pending-identities.js';
import { Users } from '../persistence/users.js';

type Told = DeliveredEvent<typeof LinkAsked | typeof IdentityLinked | typeof IdentityUnlinked>;

/** Writes to a person about the ways they sign in: one is to be added, was added, was removed. */
@Injectable()
@Handles('identity.send-identity-mail', [LinkAsked, IdentityLinked, IdentityUnlinked], 'effect')
export class SendIdentityMail implements EventHandler<
  typeof LinkAsked | typeof IdentityLinked | typeof IdentityUnlinked
> {
  constructor(
    private readonly users: Users,
    private readonly mailTokens: MailTokens,
    private readonly pending: PendingIdentities,
    private readonly eventMail: EventMail,
    private readonly config: MailTokensConfig,
  ) {}

  async handle(event: Told): Promise<RecordedEvent[]> {
    const { userId } = event.payload;
    const person = Actor.system(event.tenantId, event.traceId).as({ type: 'user', id: userId });
    const letter = await this.write(person, event);
    if (!letter) return [];

    const mail = { ...identityMail(letter.mail, this.config.baseUrl), to: letter.to };
    return this.eventMail.send(event, 'identity', mail, { kind: letter.mail.kind, userId });
  }

  /** Null when there is nothing to say any more: the person has gone, the token was used or has run out. */
  private async write(person: Actor, event: Told): Promise<{ to: string; mail: IdentityMail } | null> {
    const { payload } = event;
    const { provider } = payload;
    if ('tokenId' in payload) {
      const live = await this.mailTokens.pending(person, payload.tokenId);
      const identity = live && (await this.pending.find(person, payload.tokenId));
      if (!identity) return null;
      const token = formatMailToken(live.token);
      return { to: identity.email, mail: { kind: 'link_identity', provider, token } };
    }
    const user = await this.users.self(person);
    const kind = event.name === IdentityLinked.name ? 'identity_linked' : 'identity_unlinked';
    return user && { to: user.email, mail: { kind, provider } };
  }
}
