import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';
import { User } from '../domain/user.js';
import { Users } from '../persistence/users.js';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';

/** Makes the account of a person who was vouched for, inside the transaction of whoever registers. */
@Injectable()
export class RegisterUser {
  constructor(
    private readonly db: Db,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction, whose actor is the new user. Null when the identity has an account by now. */
  async execute(person: UpstreamPerson): Promise<User | null> {
    const { id } = this.db.actor;
    if (!id) throw new Error('Registering needs a transaction of the new user.');
    const { email, emailVerified, displayName, provider } = person;
    const user = User.register({ id, email, emailVerified, displayName, provider }, this.clock.now());
    return (await this.users.insert(user, person)) ? user : null;
  }
}
