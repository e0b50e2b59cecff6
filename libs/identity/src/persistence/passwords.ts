import { Injectable, Optional } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { StoredPassword } from '../passwords/password-hasher.js';
import { Pepper } from '../passwords/pepper.js';

/** The present one and four before it (S2-36, S2-37). */
const REMEMBERED = 5;

/** The present password, and when it was chosen. */
export interface KeptPassword extends StoredPassword {
  changedAt: Date;
}

/** The password of the actor's own person, and those before it. */
@Injectable()
export class Passwords {
  constructor(
    private readonly db: Db,
    /** Not in the worker: it only forgets. */
    @Optional() private readonly pepper?: Pepper,
  ) {}

  /** Null for who has none. */
  async find(actor: Actor): Promise<KeptPassword | null> {
    const [row] = await this.db.read<KeptPassword & Record<string, unknown>>(
      actor,
      'select rule, sealed, changed_at as "changedAt" from identity.passwords where user_id = $1',
      [actor.id],
    );
    return row ?? null;
  }

  /** Those that may not be chosen again, the present one first. */
  async remembered(actor: Actor): Promise<StoredPassword[]> {
    return this.db.read<StoredPassword & Record<string, unknown>>(
      actor,
      `(select rule, sealed, false as "isPast" from identity.passwords where user_id = $1)
       union all
       (select rule, sealed, true from identity.password_history where user_id = $1 order by changed_at desc limit $2)`,
      [actor.id, REMEMBERED - 1],
    );
  }

  /** Whether the transaction's person still has the one that was chosen then. */
  async isOf(changedAt: Date): Promise<boolean> {
    const rows = await this.db.query(
      'select 1 from identity.passwords where user_id = $1 and changed_at = $2',
      [this.db.actor.id, changedAt],
    );
    return rows.length === 1;
  }

  /** A new password; the one before goes to the others that are remembered. */
  async put(stored: StoredPassword, now: Date): Promise<void> {
    const userId = this.db.actor.id;
    await this.holdPerson();
    await this.db.query(
      `insert into identity.password_history (user_id, changed_at, rule, sealed)
       select user_id, changed_at, rule, sealed from identity.passwords where user_id = $1
       on conflict do nothing`,
      [userId],
    );
    await this.db.query(
      `delete from identity.password_history where user_id = $1 and changed_at not in (
         select changed_at from identity.password_history where user_id = $1 order by changed_at desc limit $2)`,
      [userId, REMEMBERED - 1],
    );
    await this.db.query(
      `insert into identity.passwords (user_id, rule, sealed, changed_at) values ($1, $2, $3, $4)
       on conflict (user_id) do update set rule = excluded.rule, sealed = excluded.sealed, changed_at = excluded.changed_at`,
      [userId, stored.rule, stored.sealed, now],
    );
    await this.resealPast();
  }

  /** The same password kept in another way, with those before it; nothing happens when it was changed meanwhile. */
  async renew(actor: Actor, before: StoredPassword, after: StoredPassword): Promise<void> {
    await this.db.transaction(actor, async () => {
      await this.db.query(
        'update identity.passwords set rule = $3, sealed = $4 where user_id = $1 and sealed = $2',
        [actor.id, before.sealed, after.rule, after.sealed],
      );
      await this.resealPast();
    });
  }

  /** Brings those of before under the newest pepper, so that an old one is needed by nobody who has been here since. */
  private async resealPast(): Promise<void> {
    const userId = this.db.actor.id ?? '';
    const rows = await this.db.query<{ sealed: Buffer }>(
      'select sealed from identity.password_history where user_id = $1',
      [userId],
    );
    for (const { sealed } of rows) {
      const fresh = this.pepper?.reseal(sealed, userId);
      if (!fresh) continue;
      await this.db.query(
        'update identity.password_history set sealed = $3 where user_id = $1 and sealed = $2',
        [userId, sealed, fresh],
      );
    }
  }

  async remove(): Promise<void> {
    const userId = this.db.actor.id;
    await this.holdPerson();
    await this.db.query('delete from identity.passwords where user_id = $1', [userId]);
    await this.db.query('delete from identity.password_history where user_id = $1', [userId]);
  }

  /** A session is made while its person is held: before this and ended by whoever changes the password, or after it. */
  private async holdPerson(): Promise<void> {
    await this.db.query('select 1 from identity.users where id = $1 for update', [this.db.actor.id]);
  }
}
