import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError, occurred } from '#platform';
import { AccountLimits, AccountsConfig } from '../accounts/accounts.config.js';
import { addressKeyOf, Budgets, MailBudget, tooMany } from '../accounts/budgets.js';
import { type Applicant, Invited } from '../accounts/invited.js';
import { AddressHash } from '../accounts/address.js';
import { MailAsked } from '../events/index.js';
import { PasswordHasher, type StoredPassword } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { Addresses } from '../persistence/addresses.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Passwords } from '../persistence/passwords.js';
import { RegisterUser } from './register-user.js';

const HOUR = 3_600;

/** What was computed before the transaction of a sign-up. */
export interface PreparedPassword {
  email: string;
  addressHash: Buffer;
  stored: StoredPassword;
  mails: boolean;
}

/** Makes the account of somebody who signs up by address and password. The address is claimed, not yet theirs. */
@Injectable()
export class RegisterPasswordUser {
  constructor(
    private readonly db: Db,
    private readonly config: AccountsConfig,
    private readonly limits: AccountLimits,
    private readonly invited: Invited,
    private readonly budgets: Budgets,
    private readonly mailBudget: MailBudget,
    private readonly addressHash: AddressHash,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly registerUser: RegisterUser,
    private readonly passwords: Passwords,
    private readonly addresses: Addresses,
    private readonly mailTokens: MailTokens,
    private readonly clock: Clock,
  ) {}

  /** Whether new accounts may be made from there now. Throws 403 `SIGN_UP_CLOSED`, 429 `RATE_LIMITED`. */
  async admit(actor: Actor, applicant: Applicant): Promise<void> {
    if (this.config.signUpMode === 'invite_only' && !(await this.invited.admits(applicant))) {
      throw new DomainError('forbidden', 'SIGN_UP_CLOSED', 'Only those who were invited can sign up here.');
    }
    const key = addressKeyOf(actor.origin.address);
    const waitMs = await this.budgets.take('sign-up', key, this.limits.signUps, HOUR);
    if (waitMs > 0) throw tooMany(waitMs);
  }

  /** Policy and hash, before any transaction. Throws 422 `PASSWORD_TOO_WEAK`, 503 `BUSY`. `owner` is the id to be. */
  async prepare(
    owner: string,
    input: { email: string; password: string; organizationName: string },
  ): Promise<PreparedPassword> {
    const { email, password, organizationName } = input;
    await this.policy.check(password, [email, organizationName]);
    const addressHash = this.addressHash.of(email);
    const mails = (await this.mailBudget.to(addressHash)) === 0;
    return { email, addressHash, stored: await this.hasher.make(owner, password), mails };
  }

  /** Joins the caller's transaction, whose actor is the new user. */
  async execute({ email, addressHash, stored, mails }: PreparedPassword): Promise<void> {
    const userId = this.db.actor.id ?? '';
    const now = this.clock.now();
    const provider = 'password';
    await this.registerUser.execute({
      connection: provider,
      subject: userId,
      provider,
      email,
      emailVerified: false,
      displayName: null,
    });
    await this.passwords.put(stored, now);
    await this.addresses.claim(addressHash);
    // The same for an address that is somebody's: what the mail then says, the worker decides.
    const tokenId = await this.mailTokens.make('verify_email', addressHash);
    if (mails) this.db.record([occurred(MailAsked, { userId, kind: 'verify_email', tokenId }, now)]);
  }
}
