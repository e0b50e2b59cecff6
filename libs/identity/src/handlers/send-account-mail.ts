import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EventHandler,
  EventMail,
  Handles,
  type PayloadOf,
  type RecordedEvent,
} from '#platform';
import { MailTokensConfig } from '../accounts/accounts.config.js';
import { formatMailToken } from '../accounts/mail-token.js';
import { MailAsked } from '../events/index.js';
import { type AccountMail, accountMail } from '../mails/account-mail.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { Addresses } from '../persistence/addresses.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Users } from '../persistence/users.js';

interface Letter {
  to: string;
  mail: AccountMail;
  /** Whose trail it is must not learn of it: it would say whether the address has an owner. */
  untold?: boolean;
}

/** As the trail calls them: both ends of a change of address are one thing. */
const KINDS = {
  verify_email: 'verify_email',
  reset_password: 'reset_password',
  change_email_old: 'change_email',
  change_email_new: 'change_email',
  password_changed: 'password_changed',
} as const;

/**
 * Writes what an account's owner is to read. For an address that belongs to somebody else, that one is told of it
 * instead; the trail says the same in both cases, because whoever gave the address reads the trail.
 */
@Injectable()
@Handles('identity.send-account-mail', MailAsked, 'effect')
export class SendAccountMail implements EventHandler<typeof MailAsked> {
  constructor(
    private readonly users: Users,
    private readonly mailTokens: MailTokens,
    private readonly changes: AddressChanges,
    private readonly addresses: Addresses,
    private readonly eventMail: EventMail,
    private readonly config: MailTokensConfig,
  ) {}

  async handle(event: DeliveredEvent<typeof MailAsked>): Promise<RecordedEvent[]> {
    const { userId, kind } = event.payload;
    const person = Actor.system(event.tenantId, event.traceId).as({ type: 'user', id: userId });
    const letter = await this.write(person, event.payload);
    if (!letter) return [];

    const mail = { ...accountMail(letter.mail, this.config.baseUrl), to: letter.to };
    const told = await this.eventMail.send(event, 'account', mail, { kind: KINDS[kind], userId });
    return letter.untold ? [] : told;
  }

  /** Null when there is nothing to say any more: the person has gone, the token was used or has run out. */
  private async write(person: Actor, asked: PayloadOf<typeof MailAsked>): Promise<Letter | null> {
    const user = await this.users.self(person);
    if (!user) return null;
    if (asked.kind === 'password_changed') return { to: user.email, mail: { kind: asked.kind } };

    const pending = asked.tokenId ? await this.mailTokens.pending(person, asked.tokenId) : null;
    if (!pending) return null;
    const token = formatMailToken(pending.token);
    const { owner } = await this.addresses.holders(person, pending.addressHash);
    const isTaken = owner !== null && owner !== user.id;
    const taken: AccountMail = { kind: 'address_taken' };
    switch (asked.kind) {
      case 'reset_password':
        return { to: user.email, mail: { kind: asked.kind, token }, untold: owner !== user.id };
      case 'verify_email':
        return { to: user.email, mail: isTaken ? taken : { kind: asked.kind, token } };
      case 'change_email_old':
      case 'change_email_new': {
        const change = await this.changes.find(person);
        if (!change) return null;
        const { newEmail } = change;
        if (asked.kind === 'change_email_old')
          return { to: user.email, mail: { kind: asked.kind, token, newEmail } };
        return { to: newEmail, mail: isTaken ? taken : { kind: asked.kind, token } };
      }
    }
  }
}
