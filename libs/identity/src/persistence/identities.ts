import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, newId } from '#platform';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';

/** What an identity is found by. */
export type IdentityKey = Pick<UpstreamPerson, 'connection' | 'subject'>;

/** An account at an issuer. */
export type UpstreamAccount = Pick<UpstreamPerson, 'issuer' | 'account'>;

/** An identity as its own person sees it. */
export interface LinkedIdentity extends IdentityKey, UpstreamAccount {
  id: string;
  provider: string;
  email: string;
  emailVerified: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
}

const ROW = `id, connection, subject, provider, issuer, account, email, email_verified as "emailVerified",
  created_at as "createdAt", last_used_at as "lastUsedAt"`;

/**
 * How a person signs in elsewhere. Whose an identity is says the locator `identities`, which is read before anybody is
 * known and written first, so of two who take one identity at once, one gets it. The rest is the person's own.
 *
 * The locator also says whose claims an account of the issuer carries, as (issuer, account): one account may have been
 * signed in to as two people, and carries those of the last.
 */
@Injectable()
export class Identities {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /** Whose it is, or null. */
  async ownerOf(actor: Actor, { connection, subject }: IdentityKey): Promise<string | null> {
    const [row] = await this.db.read<{ user_id: string }>(
      actor,
      'select user_id from identity.identities where connection = $1 and subject = $2',
      [connection, subject],
    );
    return row?.user_id ?? null;
  }

  /** Whose claims an account of the issuer carries, or null. */
  holderOf(actor: Actor, { issuer, account }: UpstreamAccount): Promise<string | null> {
    return this.ownerOf(actor, { connection: issuer, subject: account });
  }

  /** Which of these people have an account at the issuer. */
  async withAccountAt(actor: Actor, issuer: string, userIds: readonly string[]): Promise<string[]> {
    const rows = await this.db.read<{ user_id: string }>(
      actor,
      'select distinct user_id from identity.identities where connection = $1 and user_id = any($2)',
      [issuer, userIds],
    );
    return rows.map((row) => row.user_id);
  }

  /** Links it to the transaction's person; null, and nothing written, when it is linked to anybody already. */
  async link(person: UpstreamPerson, usedAt: Date | null): Promise<LinkedIdentity | null> {
    const taken = await this.db.query(
      `insert into identity.identities (connection, subject, user_id) values ($1, $2, $3)
       on conflict (connection, subject) do nothing returning user_id`,
      [person.connection, person.subject, this.db.actor.id],
    );
    return taken.length === 0 ? null : this.describe(person, usedAt);
  }

  /** Like {@link link}, where the locator has it as the transaction's person's by now. */
  async describe(person: UpstreamPerson, usedAt: Date | null): Promise<LinkedIdentity> {
    const [row] = await this.db.query<LinkedIdentity & Record<string, unknown>>(
      `insert into identity.linked_identities
         (user_id, id, connection, subject, provider, issuer, account, email, email_verified, created_at, last_used_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning ${ROW}`,
      [
        this.db.actor.id,
        newId('idn'),
        ...[person.connection, person.subject, person.provider, person.issuer, person.account],
        ...[person.email, person.emailVerified, this.clock.now(), usedAt],
      ],
    );
    await this.hold(person);
    return row!;
  }

  /** The transaction's person has signed in with it; the account that it comes by may be another one than before. */
  async used(person: UpstreamPerson): Promise<void> {
    const before = await this.own();
    await this.db.query(
      `update identity.linked_identities
       set issuer = $4, account = $5, email = $6, email_verified = $7, last_used_at = $8
       where user_id = $1 and connection = $2 and subject = $3`,
      [
        ...[this.db.actor.id, person.connection, person.subject],
        ...[person.issuer, person.account, person.email, person.emailVerified, this.clock.now()],
      ],
    );
    await this.hold(person);
    await this.release(before);
  }

  /** The actor's own, the oldest first. */
  list(actor: Actor): Promise<LinkedIdentity[]> {
    return this.db.read<LinkedIdentity & Record<string, unknown>>(
      actor,
      `select ${ROW} from identity.linked_identities where user_id = $1 order by id`,
      [actor.id],
    );
  }

  /** Those of the transaction's person, as they are now. */
  own(): Promise<LinkedIdentity[]> {
    return this.db.query<LinkedIdentity & Record<string, unknown>>(
      `select ${ROW} from identity.linked_identities where user_id = $1 order by id`,
      [this.db.actor.id],
    );
  }

  /** Takes one from the transaction's person; gives the accounts at issuers that are not theirs any more. */
  async unlink({ id, connection, subject, ...rest }: LinkedIdentity): Promise<UpstreamAccount[]> {
    const userId = this.db.actor.id;
    await this.db.query('delete from identity.linked_identities where user_id = $1 and id = $2', [
      userId,
      id,
    ]);
    await this.forget(connection, subject);
    return this.release([rest]);
  }

  /** Everything of the transaction's person but what is in the locator, which `Addresses.forget` empties. */
  async forgetAll(): Promise<void> {
    await this.db.query('delete from identity.linked_identities where user_id = $1', [this.db.actor.id]);
    await this.db.query('delete from identity.pending_identities where user_id = $1', [this.db.actor.id]);
  }

  private async hold({ issuer, account }: UpstreamAccount): Promise<void> {
    const [holder] = await this.db.query<{ user_id: string }>(
      'select user_id from identity.identities where connection = $1 and subject = $2',
      [issuer, account],
    );
    if (holder?.user_id === this.db.actor.id) return;
    await this.db.query(
      'delete from identity.identities where connection = $1 and subject = $2 and user_id <> $3',
      [issuer, account, this.db.actor.id],
    );
    await this.db.query(
      'insert into identity.identities (connection, subject, user_id) values ($1, $2, $3) on conflict do nothing',
      [issuer, account, this.db.actor.id],
    );
  }

  /** Of these accounts, those that no identity of the person comes by any more are nobody's. */
  private async release(accounts: readonly UpstreamAccount[]): Promise<UpstreamAccount[]> {
    const own = await this.own();
    const released = accounts.filter(
      ({ issuer, account }) => !own.some((one) => one.issuer === issuer && one.account === account),
    );
    for (const { issuer, account } of released) await this.forget(issuer, account);
    return released;
  }

  private async forget(connection: string, subject: string): Promise<void> {
    await this.db.query(
      'delete from identity.identities where connection = $1 and subject = $2 and user_id = $3',
      [connection, subject, this.db.actor.id],
    );
  }
}
