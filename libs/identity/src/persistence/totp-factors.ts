import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, SealedBox } from '#platform';

export interface TotpFactor {
  secret: string;
  isConfirmed: boolean;
}

const contextOf = (userId: string | null) => `totp:${userId}`;

/** The authenticator of the actor's own person, and the codes they keep for when it is gone. */
@Injectable()
export class TotpFactors {
  constructor(
    private readonly db: Db,
    private readonly box: SealedBox,
    private readonly clock: Clock,
  ) {}

  async find(actor: Actor): Promise<TotpFactor | null> {
    const [row] = await this.db.read<{ sealed: Buffer; confirmed_at: Date | null }>(
      actor,
      'select sealed, confirmed_at from identity.totp_factors where user_id = $1',
      [actor.id],
    );
    if (!row) return null;
    const secret = this.box.open(row.sealed, contextOf(actor.id)).toString();
    return { secret, isConfirmed: row.confirmed_at !== null };
  }

  /** Begins an enrolment, anew if one was not finished; false when there is a confirmed one. */
  async begin(secret: string): Promise<boolean> {
    const userId = this.db.actor.id;
    const rows = await this.db.query(
      `insert into identity.totp_factors (user_id, sealed, created_at, last_step) values ($1, $2, $3, 0)
       on conflict (user_id) do update set sealed = excluded.sealed, created_at = excluded.created_at, last_step = 0
         where totp_factors.confirmed_at is null
       returning user_id`,
      [userId, this.box.seal(Buffer.from(secret), contextOf(userId)), this.clock.now()],
    );
    return rows.length === 1;
  }

  async confirm(step: number): Promise<boolean> {
    const rows = await this.db.query(
      `update identity.totp_factors set confirmed_at = $2, last_step = $3
       where user_id = $1 and confirmed_at is null and last_step < $3 returning user_id`,
      [this.db.actor.id, this.clock.now(), step],
    );
    return rows.length === 1;
  }

  /** Takes a step, once: of two who show the same code, one is let in. */
  async useStep(step: number): Promise<boolean> {
    const rows = await this.db.query(
      `update identity.totp_factors set last_step = $2
       where user_id = $1 and confirmed_at is not null and last_step < $2 returning user_id`,
      [this.db.actor.id, step],
    );
    return rows.length === 1;
  }

  async replaceCodes(hashes: readonly Buffer[]): Promise<void> {
    await this.db.query('delete from identity.backup_codes where user_id = $1', [this.db.actor.id]);
    await this.db.query('insert into identity.backup_codes (user_id, hash) select $1, unnest($2::bytea[])', [
      this.db.actor.id,
      hashes,
    ]);
  }

  async useCode(hash: Buffer): Promise<boolean> {
    const rows = await this.db.query(
      `update identity.backup_codes set used_at = $3
       where user_id = $1 and hash = $2 and used_at is null returning user_id`,
      [this.db.actor.id, hash, this.clock.now()],
    );
    return rows.length === 1;
  }

  /** Gives whether one was asked for. */
  async forget(): Promise<boolean> {
    const userId = this.db.actor.id;
    const [rows] = await Promise.all([
      this.db.query<{ wasConfirmed: boolean }>(
        `delete from identity.totp_factors where user_id = $1 returning confirmed_at is not null as "wasConfirmed"`,
        [userId],
      ),
      this.db.query('delete from identity.backup_codes where user_id = $1', [userId]),
    ]);
    return rows.some((row) => row.wasConfirmed);
  }
}
