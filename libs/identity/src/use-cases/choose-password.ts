import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred } from '#platform';
import { MailAsked, PasswordChanged } from '../events/index.js';
import { PasswordHasher, type StoredPassword } from '../passwords/password-hasher.js';
import { PasswordPolicy, passwordTooWeak } from '../passwords/password-policy.js';
import { AddressChanges } from '../persistence/address-changes.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Passwords } from '../persistence/passwords.js';

/** A new password for somebody who has an account: policy, history, and what follows from it. */
@Injectable()
export class ChoosePassword {
  constructor(
    private readonly db: Db,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly passwords: Passwords,
    private readonly changes: AddressChanges,
    private readonly mailTokens: MailTokens,
    private readonly clock: Clock,
  ) {}

  /** What to keep of it. Throws 422 `PASSWORD_TOO_WEAK`, also for one of the last five; 503 `BUSY`. No transaction. */
  async prepare(
    actor: Actor,
    password: string,
    names: readonly (string | null | undefined)[],
  ): Promise<StoredPassword> {
    const owner = actor.id ?? '';
    await this.policy.check(password, names);
    for (const earlier of await this.passwords.remembered(actor)) {
      if ((await this.hasher.check(owner, earlier, password)).matches) throw passwordTooWeak(['used_before']);
    }
    return this.hasher.make(owner, password);
  }

  /**
   * Keeps it, inside the transaction of its owner, who is written to. Whatever mail was to open the account or to give it
   * another address ends: whoever had the old password may have asked for it.
   */
  async keep(stored: StoredPassword, how: 'change' | 'reset'): Promise<void> {
    const now = this.clock.now();
    const userId = this.db.actor.id ?? '';
    await this.passwords.put(stored, now);
    await this.changes.forget();
    await this.mailTokens.revoke(['reset_password', 'change_email_old', 'change_email_new', 'link_identity']);
    this.db.record([
      occurred(PasswordChanged, { userId, how }, now),
      occurred(MailAsked, { userId, kind: 'password_changed', tokenId: null }, now),
    ]);
  }
}
