import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';
import { User } from '../domain/user.js';
import type { IdentityKey } from '../persistence/identities.js';
import { Users } from '../persistence/users.js';

/** Somebody who has no account yet, and what they are to sign in with. */
export interface NewPerson extends IdentityKey {
  provider: string;
  email: string;
  emailVerified: boolean;
  displayName: string | null;
  /** From another system, by an operator. */
  isImported?: boolean;
}

/** Makes the account of a person, inside the transaction of whoever registers. */
@Injectable()
export class RegisterUser {
  constructor(
    private readonly db: Db,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction, whose actor is the new user. Null when the identity has an account by now. */
  async execute(person: NewPerson): Promise<User | null> {
    const { id } = this.db.actor;
    if (!id) throw new Error('Registering needs a transaction of the new user.');
    const { email, emailVerified, displayName, provider, isImported } = person;
    const init = { id, email, emailVerified, displayName, provider, isImported };
    const user = User.register(init, this.clock.now());
    return (await this.users.insert(user, person)) ? user : null;
  }
}
