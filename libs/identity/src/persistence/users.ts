import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { Standing } from '../domain/session-policy.js';
import { type RegisteredWith, User } from '../domain/user.js';
import type { IdentityKey } from './identities.js';

export interface UserRow {
  id: string;
  email: string;
  emailVerified: boolean;
  /** What they call themselves; else what their issuer called them. */
  displayName: string | null;
  /** BCP 47; null when they have not said. */
  locale: string | null;
  /** IANA; null when they have not said. */
  timeZone: string | null;
  registeredWith: RegisteredWith;
}

@Injectable()
export class Users {
  constructor(private readonly db: Db) {}

  /** Writes the person and their identity; false, and nothing written, when the identity is somebody's already. */
  async insert(user: User, person: IdentityKey): Promise<boolean> {
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

  /** Locks the transaction's person, so that what is counted about them stays true; false when they have gone. */
  async lock(): Promise<boolean> {
    const rows = await this.db.query('select 1 from identity.users where id = $1 for update', [
      this.db.actor.id,
    ]);
    return rows.length === 1;
  }

  /** Notes that the address of the transaction's person has been proved; false when it was noted before. */
  async verifyEmail(): Promise<boolean> {
    const rows = await this.db.query(
      'update identity.users set email_verified = true where id = $1 and not email_verified returning id',
      [this.db.actor.id],
    );
    return rows.length === 1;
  }

  /** Locks the transaction's person as long as their address is not verified; false when it is by now. */
  async lockUnverified(): Promise<boolean> {
    const rows = await this.db.query(
      'select 1 from identity.users where id = $1 and not email_verified for update',
      [this.db.actor.id],
    );
    return rows.length === 1;
  }

  /** The transaction's person has another, proved address. */
  async changeEmail(email: string): Promise<void> {
    await this.db.query('update identity.users set email = $2, email_verified = true where id = $1', [
      this.db.actor.id,
      email,
    ]);
  }

  /** The transaction's person is gone. */
  async remove(): Promise<void> {
    await this.db.query('delete from identity.users where id = $1', [this.db.actor.id]);
  }

  /** The actor's own person. Nobody reads anybody else's. */
  async self(actor: Actor): Promise<UserRow | null> {
    const [row] = await this.db.read<UserRow>(
      actor,
      `select u.id, u.email, u.email_verified as "emailVerified", coalesce(p.display_name, u.display_name) as "displayName",
         p.locale, p.time_zone as "timeZone", u.registered_with as "registeredWith"
       from identity.users u left join identity.user_profiles p on p.user_id = u.id where u.id = $1`,
      [actor.id],
    );
    return row ?? null;
  }

  /** How the actor's own person stands, as sessions are decided by; null when there is no such person. */
  async standing(actor: Actor): Promise<Standing | null> {
    const [row] = await this.db.read<Standing & Record<string, unknown>>(actor, STANDING, [actor.id]);
    return row ?? null;
  }

  /** The same of the transaction's person, for as long as it lasts: who is suspended meanwhile is so after it. */
  async holdStanding(): Promise<Standing | null> {
    const [row] = await this.db.query<Standing & Record<string, unknown>>(`${STANDING} for share`, [
      this.db.actor.id,
    ]);
    return row ?? null;
  }
}

const STANDING = `
  select suspended_at is not null as "isSuspended", exists (
    select 1 from identity.totp_factors where user_id = $1 and confirmed_at is not null) as "hasSecondFactor"
  from identity.users where id = $1`;
