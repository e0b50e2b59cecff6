import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, occurred } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { EmailChanged } from '../events/index.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { Addresses } from '../persistence/addresses.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Users } from '../persistence/users.js';
import { ProveAddress } from './prove-address.js';
import { MailTokenText, type OpenedToken, tokenInvalid, UseMailToken } from './use-mail-token.js';

export const VerifyEmailInput = z.strictObject({ token: MailTokenText });

export interface VerifiedEmail {
  /** `waiting` until the other end of a change of address has confirmed, too. */
  status: 'verified' | 'changed' | 'waiting';
  email: string;
}

/** Takes the token of a mail that verifies an address, or confirms one end of a change of address. */
@Injectable()
export class VerifyEmail {
  constructor(
    private readonly db: Db,
    private readonly useMailToken: UseMailToken,
    private readonly mailTokens: MailTokens,
    private readonly proveAddress: ProveAddress,
    private readonly changes: AddressChanges,
    private readonly addresses: Addresses,
    private readonly addressHash: AddressHash,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Needs no session: the mail may be read on another device. Throws 422 `TOKEN_INVALID`. */
  async execute(actor: Actor, input: z.output<typeof VerifyEmailInput>): Promise<VerifiedEmail> {
    const opened = await this.useMailToken.open(actor, input.token);
    if (opened.purpose === 'verify_email') return this.verify(opened);
    if (opened.purpose === 'change_email_old') return this.confirm(opened, 'old');
    if (opened.purpose === 'change_email_new') return this.confirm(opened, 'new');
    throw tokenInvalid();
  }

  private async verify({ person, user, token, isPresentAddress }: OpenedToken): Promise<VerifiedEmail> {
    const proof = await this.db.transaction(person, async () => {
      const used = isPresentAddress && (await this.mailTokens.use(token));
      return used ? this.proveAddress.byMail(user.email) : null;
    });
    if (!proof) throw tokenInvalid();
    await this.proveAddress.settle(person, proof);
    return { status: 'verified', email: user.email };
  }

  private async confirm({ person, user, token }: OpenedToken, end: 'old' | 'new'): Promise<VerifiedEmail> {
    const now = this.clock.now();
    const outcome = await this.db.transaction(person, async () => {
      const used = await this.mailTokens.use(token);
      const change = used && (await this.changes.confirm(end));
      if (!change) return null;
      if (!change.oldConfirmed || !change.newConfirmed) return { email: change.newEmail, proof: null };

      const proof = await this.addresses.prove(this.addressHash.of(change.newEmail));
      if (!proof) return null;
      await this.addresses.release(this.addressHash.of(user.email));
      await this.users.changeEmail(change.newEmail);
      await this.changes.forget();
      await this.mailTokens.revoke([
        'verify_email',
        'reset_password',
        'change_email_old',
        'change_email_new',
        'link_identity',
      ]);
      this.db.record([occurred(EmailChanged, { userId: user.id }, now)]);
      return { email: change.newEmail, proof };
    });
    if (!outcome) throw tokenInvalid();
    if (!outcome.proof) return { status: 'waiting', email: outcome.email };
    await this.proveAddress.settle(person, outcome.proof);
    return { status: 'changed', email: outcome.email };
  }
}
