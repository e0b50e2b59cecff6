import { Injectable } from '@nestjs/common';
import { Clock, Db, DomainError, occurred } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { MailBudget } from '../accounts/budgets.js';
import { MailAsked } from '../events/index.js';
import { FirebaseConfig } from '../identity.config.js';
import { Addresses, type LostClaim } from '../persistence/addresses.js';
import { Identities } from '../persistence/identities.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { asAuthenticated, signedInWithin, type UpstreamPerson } from '../upstream/upstream-identity.js';
import { RegisterUser } from './register-user.js';
import type { Authenticated } from './start-session.js';

/** What was decided before the transaction of a sign-up. */
export interface PreparedPerson {
  person: UpstreamPerson;
  /** For the session that begins with it. */
  how: Authenticated & { addressHash: Buffer };
  mails: boolean;
}

/** Ends a sign-up, and what it had written: the verified address has become somebody's meanwhile. */
export class AddressTaken extends Error {
  override readonly name = 'AddressTaken';
}

/**
 * Makes the account of somebody an issuer vouches for. Where it vouches for the address, too, the address is theirs;
 * else it is claimed, and a mail goes there, as after a sign-up with a password.
 */
@Injectable()
export class RegisterUpstreamUser {
  constructor(
    private readonly db: Db,
    private readonly config: FirebaseConfig,
    private readonly mailBudget: MailBudget,
    private readonly addressHash: AddressHash,
    private readonly registerUser: RegisterUser,
    private readonly identities: Identities,
    private readonly addresses: Addresses,
    private readonly mailTokens: MailTokens,
    private readonly clock: Clock,
  ) {}

  /** Before any transaction. Throws 403 `REAUTHENTICATION_REQUIRED` for a sign-in that is too long ago. */
  async prepare(person: UpstreamPerson): Promise<PreparedPerson> {
    const now = this.clock.now();
    if (!signedInWithin(person, this.config.registerMaxAgeSeconds * 1_000, now)) {
      throw new DomainError(
        'forbidden',
        'REAUTHENTICATION_REQUIRED',
        'Sign in at the identity provider again, then register.',
      );
    }
    const addressHash = this.addressHash.of(person.email);
    const how = { ...asAuthenticated(person, now), addressHash };
    if (person.emailVerified) return { person, how, mails: false };
    return { person, how, mails: (await this.mailBudget.to(addressHash)) === 0 };
  }

  /**
   * Joins the caller's transaction, whose actor is the new user. Null when the identity has an account by now; throws
   * AddressTaken. Whoever only claimed the address is to be displaced after the transaction.
   */
  async execute({ person, how, mails }: PreparedPerson): Promise<{ displaced: readonly LostClaim[] } | null> {
    const { addressHash } = how;
    const user = await this.registerUser.execute(person);
    if (!user) return null;
    await this.identities.describe(person, this.clock.now());
    if (person.emailVerified) {
      const proof = await this.addresses.prove(addressHash);
      if (!proof) throw new AddressTaken();
      return proof;
    }
    await this.addresses.claim(addressHash);
    const tokenId = await this.mailTokens.make('verify_email', addressHash);
    const asked = { userId: user.id, kind: 'verify_email' as const, tokenId };
    if (mails) this.db.record([occurred(MailAsked, asked, this.clock.now())]);
    return { displaced: [] };
  }
}
