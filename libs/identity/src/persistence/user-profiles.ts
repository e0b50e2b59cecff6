import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';

/** What a person says of themselves; null for what they do not say. */
export interface ProfileFields {
  displayName: string | null;
  locale: string | null;
  timeZone: string | null;
}

/** The profile of the transaction's person (S2-25). */
@Injectable()
export class UserProfiles {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /** Changes what is named; the rest stays as it is. */
  async change(fields: Partial<ProfileFields>): Promise<void> {
    const { displayName, locale, timeZone } = fields;
    const named = [displayName, locale, timeZone].map((one) => one !== undefined);
    await this.db.query(
      `insert into identity.user_profiles as p (user_id, display_name, locale, time_zone, updated_at)
       values ($1, $2, $3, $4, $5)
       on conflict (user_id) do update set updated_at = excluded.updated_at,
         display_name = case when $6 then excluded.display_name else p.display_name end,
         locale = case when $7 then excluded.locale else p.locale end,
         time_zone = case when $8 then excluded.time_zone else p.time_zone end`,
      [this.db.actor.id, displayName ?? null, locale ?? null, timeZone ?? null, this.clock.now(), ...named],
    );
  }

  async forget(): Promise<void> {
    await this.db.query('delete from identity.user_profiles where user_id = $1', [this.db.actor.id]);
  }
}
