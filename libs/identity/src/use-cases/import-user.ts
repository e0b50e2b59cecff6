import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { PasswordHasher, type StoredPassword } from '../passwords/password-hasher.js';
import { Addresses } from '../persistence/addresses.js';
import { Passwords } from '../persistence/passwords.js';
import { RegisterUser } from './register-user.js';

/** A hash as another system made it, or a password in the clear; the first is checked by that system's rule. */
export type ImportedPassword = { bcrypt: string; peppered: boolean } | { clear: string };

export interface UserToImport {
  email: string;
  emailVerified: boolean;
  displayName: string | null;
  stored: StoredPassword | null;
}

/** Makes accounts that were somewhere else before, for operators: no mail is sent, and no session made. */
@Injectable()
export class ImportUser {
  constructor(
    private readonly db: Db,
    private readonly hasher: PasswordHasher,
    private readonly addressHash: AddressHash,
    private readonly addresses: Addresses,
    private readonly passwords: Passwords,
    private readonly registerUser: RegisterUser,
    private readonly clock: Clock,
  ) {}

  /** What to keep of a password, by the id of whose it will be. Throws for what is no bcrypt hash. */
  async prepare(owner: string, password: ImportedPassword): Promise<StoredPassword> {
    if ('clear' in password) return this.hasher.make(owner, password.clear);
    return this.hasher.adopt(owner, password.bcrypt, password.peppered ? 'bcrypt_peppered' : 'bcrypt');
  }

  /**
   * Joins the caller's transaction, whose actor is the person to be. False when somebody else has proved the address: then
   * nothing of the transaction may stay.
   */
  async execute({ email, emailVerified, displayName, stored }: UserToImport): Promise<boolean> {
    const provider = 'password';
    const subject = this.db.actor.id ?? '';
    const person = { connection: provider, subject, provider, email, emailVerified, displayName };
    await this.registerUser.execute({ ...person, isImported: true });
    if (stored) await this.passwords.put(stored, this.clock.now());
    const hash = this.addressHash.of(email);
    if (emailVerified) return (await this.addresses.prove(hash)) !== null;
    await this.addresses.claim(hash);
    return true;
  }
}
