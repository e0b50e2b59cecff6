import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, occurred } from '#platform';
import { AddressHash, EmailAddress, PasswordText } from '../accounts/address.js';
import { MailBudget, tooMany } from '../accounts/budgets.js';
import { MailAsked } from '../events/index.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { ConfirmOwnPassword } from './confirm-own-password.js';

const DAY_MS = 86_400_000;

export const ChangeEmailInput = z.strictObject({
  email: EmailAddress,
  password: PasswordText.optional(),
});

/** Begins a change of address. It is made once both mailboxes have confirmed; an unproved old one has no say. */
@Injectable()
export class ChangeEmail {
  constructor(
    private readonly db: Db,
    private readonly confirmOwnPassword: ConfirmOwnPassword,
    private readonly mailBudget: MailBudget,
    private readonly addressHash: AddressHash,
    private readonly changes: AddressChanges,
    private readonly mailTokens: MailTokens,
    private readonly clock: Clock,
  ) {}

  /** The same answer for an address that is somebody's. Throws 403 `REAUTHENTICATION_REQUIRED`, 409, 429, 503. */
  async execute(actor: Actor, input: z.output<typeof ChangeEmailInput>): Promise<{ status: 'sent' }> {
    const user = await this.confirmOwnPassword.execute(actor, input.password);
    if (user.email === input.email)
      throw new DomainError('conflict', 'EMAIL_UNCHANGED', 'This is your address already.');
    const oldHash = this.addressHash.of(user.email);
    const newHash = this.addressHash.of(input.email);
    const waitMs = (await this.mailBudget.by(user.id)) || (await this.mailBudget.to(newHash));
    if (waitMs > 0) throw tooMany(waitMs);

    await this.db.transaction(actor, async () => {
      const now = this.clock.now();
      await this.mailTokens.revoke(['change_email_old', 'change_email_new']);
      await this.changes.begin(input.email, !user.emailVerified, new Date(now.getTime() + DAY_MS));
      const ask = async (kind: 'change_email_old' | 'change_email_new', hash: Buffer) =>
        occurred(MailAsked, { userId: user.id, kind, tokenId: await this.mailTokens.make(kind, hash) }, now);
      this.db.record([await ask('change_email_new', newHash)]);
      if (user.emailVerified) this.db.record([await ask('change_email_old', oldHash)]);
    });
    return { status: 'sent' };
  }
}
