import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';

/** Devices remembered of one person; the one that was not seen for longest is forgotten for a new one. */
const MAX_DEVICES = 100;

/** What the transaction's person has signed in from. */
@Injectable()
export class KnownDevices {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /**
   * Notes a device, by its keyed hash. True when it was never seen before and others were: the first one is
   * that of the sign-up, or of an account that is older than this memory.
   */
  async see(fingerprint: Buffer): Promise<boolean> {
    const { id } = this.db.actor;
    const [row] = await this.db.query<{ inserted: boolean; others: boolean }>(
      `with others as (select exists (select 1 from identity.known_devices where user_id = $1) as there)
       insert into identity.known_devices (user_id, fingerprint, first_seen_at, last_seen_at) values ($1, $2, $3, $3)
       on conflict (user_id, fingerprint) do update set last_seen_at = excluded.last_seen_at
       returning (xmax = 0) as inserted, (select there from others) as others`,
      [id, fingerprint, this.clock.now()],
    );
    if (!row?.inserted) return false;
    await this.db.query(
      `delete from identity.known_devices where user_id = $1 and fingerprint in (
         select fingerprint from identity.known_devices where user_id = $1 order by last_seen_at desc offset $2)`,
      [id, MAX_DEVICES],
    );
    return row.others;
  }

  async forget(): Promise<void> {
    await this.db.query('delete from identity.known_devices where user_id = $1', [this.db.actor.id]);
  }
}
