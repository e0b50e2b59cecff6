import { Injectable } from '@nestjs/common';
import { notFound, SystemDatabase } from '#platform';

/** What those who are in an organisation with somebody may know of them. */
export interface DirectoryEntry {
  email: string;
  emailVerified: boolean;
  /** What they call themselves; else what their issuer called them. */
  displayName: string | null;
}

/** People of every tenant, for operators and the worker: as the system role, since nobody reads anybody else. */
@Injectable()
export class UserDirectory {
  constructor(private readonly database: SystemDatabase) {}

  /** Keeps a person out since then, or with null no more; false when it was so before. Throws 404. */
  async setSuspended(id: string, since: Date | null): Promise<boolean> {
    const changed = await this.database.query(
      'update identity.users set suspended_at = $2 where id = $1 and (suspended_at is null) = $3 returning id',
      [id, since, since !== null],
    );
    if (changed.length === 1) return true;
    const there = await this.database.query('select 1 from identity.users where id = $1', [id]);
    if (there.length === 0) throw notFound('user');
    return false;
  }

  /** Of these ids, by id; who has gone is not in it. */
  async entries(ids: readonly string[]): Promise<Map<string, DirectoryEntry>> {
    if (ids.length === 0) return new Map();
    const rows = await this.database.query<DirectoryEntry & { id: string }>(
      `select u.id, u.email, u.email_verified as "emailVerified",
         coalesce(p.display_name, u.display_name) as "displayName"
       from identity.users u left join identity.user_profiles p on p.user_id = u.id where u.id = any ($1)`,
      [ids],
    );
    return new Map(rows.map(({ id, ...entry }) => [id, entry]));
  }

  /** Of these ids, those who are not kept out and have proved their address. */
  async fitToOwn(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const rows = await this.database.query<{ id: string }>(
      'select id from identity.users where id = any ($1) and email_verified and suspended_at is null',
      [ids],
    );
    return rows.map(({ id }) => id);
  }

  /** Those who signed up by password before then and have not verified their address, by id: the next ones after `after`. */
  async unverifiedSince(before: Date, limit: number, after: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `select id from identity.users
       where not email_verified and registered_with = 'password' and created_at < $1 and id > $3
       order by id limit $2`,
      [before, limit, after],
    );
    return rows.map(({ id }) => id);
  }
}
