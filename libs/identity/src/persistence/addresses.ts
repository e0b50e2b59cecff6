import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred, type PayloadOf } from '#platform';
import { AddressLost } from '../events/index.js';

/** The connection under which a proved address is an identity; its subject is the keyed hash. */
const EMAIL = 'email';

/** Whose an address may be. */
export interface Holders {
  /** Who has proved it. */
  owner: string | null;
  /** Who claimed it last and has not proved it. */
  claimant: string | null;
}

/** Somebody who claims an address that another has proved. */
export type LostClaim = PayloadOf<typeof AddressLost>;

const subjectOf = (hash: Buffer) => hash.toString('base64url');

/** Who proved an address, and who claims one. Any number may claim: only a proof makes it anybody's. */
@Injectable()
export class Addresses {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  async holders(actor: Actor, hash: Buffer): Promise<Holders> {
    const [row] = await this.db.read<Holders & Record<string, unknown>>(
      actor,
      `select (select user_id from identity.identities where connection = '${EMAIL}' and subject = $1) as owner,
         (select max(user_id) from identity.address_claims where address_hash = $2) as claimant`,
      [subjectOf(hash), hash],
    );
    return { owner: row?.owner ?? null, claimant: row?.claimant ?? null };
  }

  /** The transaction's person says that the address is theirs. */
  async claim(hash: Buffer): Promise<void> {
    await this.db.query(
      'insert into identity.address_claims (address_hash, user_id) values ($1, $2) on conflict do nothing',
      [hash, this.db.actor.id],
    );
  }

  /**
   * The transaction's person has shown that the address is theirs: gives those who claim it too, and records that they
   * have lost it; their claims stand until that is done. Null, and nothing written, when it is somebody else's. Only the
   * first proof takes claims: if a later one did, whoever claims an address in vain would see by it that it has an owner.
   */
  async prove(hash: Buffer): Promise<{ displaced: LostClaim[] } | null> {
    const userId = this.db.actor.id;
    const proved = await this.db.query(
      `insert into identity.identities (connection, subject, user_id) values ('${EMAIL}', $1, $2)
       on conflict (connection, subject) do nothing returning user_id`,
      [subjectOf(hash), userId],
    );
    if (proved.length === 0) {
      const mine = await this.db.query(
        `select 1 from identity.identities where connection = '${EMAIL}' and subject = $1 and user_id = $2`,
        [subjectOf(hash), userId],
      );
      return mine.length === 0 ? null : { displaced: [] };
    }
    const [, claims] = await Promise.all([
      this.forgetClaim(hash),
      this.db.query<{ user_id: string }>(
        'select user_id from identity.address_claims where address_hash = $1',
        [hash],
      ),
    ]);
    const displaced = claims.map((row) => ({ userId: row.user_id, addressHash: subjectOf(hash) }));
    const now = this.clock.now();
    this.db.record(displaced.map((lost) => occurred(AddressLost, lost, now)));
    return { displaced };
  }

  /** The transaction's person claims the address no more; false when they did not, by now. */
  async lose({ addressHash }: LostClaim): Promise<boolean> {
    return this.forgetClaim(Buffer.from(addressHash, 'base64url'));
  }

  /** The transaction's person has another address now. */
  async release(hash: Buffer): Promise<void> {
    await this.db.query(
      `delete from identity.identities where connection = '${EMAIL}' and subject = $1 and user_id = $2`,
      [subjectOf(hash), this.db.actor.id],
    );
    await this.forgetClaim(hash);
  }

  /** Every identity and claim of the transaction's person. */
  async forget(): Promise<void> {
    await this.db.query('delete from identity.identities where user_id = $1', [this.db.actor.id]);
    await this.db.query('delete from identity.address_claims where user_id = $1', [this.db.actor.id]);
  }

  private async forgetClaim(hash: Buffer): Promise<boolean> {
    const rows = await this.db.query(
      'delete from identity.address_claims where address_hash = $1 and user_id = $2 returning user_id',
      [hash, this.db.actor.id],
    );
    return rows.length === 1;
  }
}
