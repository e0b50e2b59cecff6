import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db } from '#platform';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';

/** An identity that is linked to a person once the mail about it was answered. */
export type PendingIdentity = Pick<
  UpstreamPerson,
  'connection' | 'subject' | 'provider' | 'issuer' | 'account' | 'email'
>;

/** The identities of the actor's own person that wait for a mailbox; each belongs to a token of `mail_tokens`. */
@Injectable()
export class PendingIdentities {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /** Those whose token is good no more are forgotten. */
  async add(tokenId: string, person: PendingIdentity): Promise<void> {
    const userId = this.db.actor.id;
    await this.db.query(
      `delete from identity.pending_identities where user_id = $1 and token_id not in (
         select id from identity.mail_tokens where user_id = $1 and used_at is null and expires_at > $2)`,
      [userId, this.clock.now()],
    );
    await this.db.query(
      `insert into identity.pending_identities
         (user_id, token_id, connection, subject, provider, issuer, account, email)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        ...[userId, tokenId, person.connection, person.subject],
        ...[person.provider, person.issuer, person.account, person.email],
      ],
    );
  }

  async find(actor: Actor, tokenId: string): Promise<PendingIdentity | null> {
    const [row] = await this.db.read<PendingIdentity & Record<string, unknown>>(
      actor,
      `select connection, subject, provider, issuer, account, email
       from identity.pending_identities where user_id = $1 and token_id = $2`,
      [actor.id, tokenId],
    );
    return row ?? null;
  }
}
