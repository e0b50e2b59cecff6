import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db } from '#platform';

export interface AddressChange {
  newEmail: string;
  oldConfirmed: boolean;
  newConfirmed: boolean;
}

const ROW = `new_email as "newEmail", old_confirmed as "oldConfirmed", new_confirmed as "newConfirmed"`;

/** The change of address that the actor's own person has begun. */
@Injectable()
export class AddressChanges {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /** Begins one; one begun before is forgotten. */
  async begin(newEmail: string, oldConfirmed: boolean, expiresAt: Date): Promise<void> {
    await this.db.query(
      `insert into identity.address_changes (user_id, new_email, old_confirmed, new_confirmed, expires_at)
       values ($1, $2, $3, false, $4)
       on conflict (user_id) do update set new_email = excluded.new_email, old_confirmed = excluded.old_confirmed,
         new_confirmed = false, expires_at = excluded.expires_at`,
      [this.db.actor.id, newEmail, oldConfirmed, expiresAt],
    );
  }

  /** One end has confirmed; gives how things stand, null when nothing is pending. */
  async confirm(end: 'old' | 'new'): Promise<AddressChange | null> {
    const [row] = await this.db.query<AddressChange & Record<string, unknown>>(
      `update identity.address_changes set old_confirmed = old_confirmed or $2, new_confirmed = new_confirmed or $3
       where user_id = $1 and expires_at > $4 returning ${ROW}`,
      [this.db.actor.id, end === 'old', end === 'new', this.clock.now()],
    );
    return row ?? null;
  }

  async find(actor: Actor): Promise<AddressChange | null> {
    const [row] = await this.db.read<AddressChange & Record<string, unknown>>(
      actor,
      `select ${ROW} from identity.address_changes where user_id = $1 and expires_at > $2`,
      [actor.id, this.clock.now()],
    );
    return row ?? null;
  }

  async forget(): Promise<void> {
    await this.db.query('delete from identity.address_changes where user_id = $1', [this.db.actor.id]);
  }
}
