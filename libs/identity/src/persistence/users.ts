import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import { User } from '../domain/user.js';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';

export interface UserRow {
  id: string;
  email: string;
  emailVerified: boolean;
  displayName: string | null;
}

@Injectable()
export class Users {
  constructor(private readonly db: Db) {}

  /** Writes the person and their identity; false, and nothing written, when the identity is somebody's already. */
  async insert(user: User, person: UpstreamPerson): Promise<boolean> {
    const claimed = await this.db.query(
      `insert into identity.identities (connection, subject, user_id) values ($1, $2, $3)
       on conflict (connection, subject) do nothing returning user_id`,
      [person.connection, person.subject, user.id],
    );
    if (claimed.length === 0) return false;
    await this.db.manager.insert(User, user);
    this.db.record(user.takeEvents());
    return true;
  }

  /** Whose identity this is, or null. Read before anybody is signed in. */
  async idOf(actor: Actor, person: UpstreamPerson): Promise<string | null> {
    const [row] = await this.db.read<{ user_id: string }>(
      actor,
      'select user_id from identity.identities where connection = $1 and subject = $2',
      [person.connection, person.subject],
    );
    return row?.user_id ?? null;
  }

  /** Notes that the actor's address has been proved since they registered. */
  async verifyEmail(actor: Actor): Promise<void> {
    await this.db.transaction(actor, () =>
      this.db.query('update identity.users set email_verified = true where id = $1', [actor.id]),
    );
  }

  /** The actor's own person. Nobody reads anybody else's. */
  async self(actor: Actor): Promise<UserRow | null> {
    const [row] = await this.db.read<UserRow>(
      actor,
      `select id, email, email_verified as "emailVerified", display_name as "displayName"
       from identity.users where id = $1`,
      [actor.id],
    );
    return row ?? null;
  }
}
