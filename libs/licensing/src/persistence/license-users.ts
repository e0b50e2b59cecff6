import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';

export interface NamedUser {
  userId: string;
  namedAt: Date;
}

/** The people named on licences. */
@Injectable()
export class LicenseUsers {
  constructor(private readonly db: Db) {}

  /** Those of a licence after `after`, by id. */
  page(actor: Actor, licenseId: string, after: string | null, limit: number): Promise<NamedUser[]> {
    return this.db.read<NamedUser>(
      actor,
      `select user_id as "userId", named_at as "namedAt" from licensing.license_users
       where tenant_id = $1 and license_id = $2 and user_id > $3 order by user_id limit $4`,
      [actor.tenantId, licenseId, after ?? '', limit],
    );
  }

  /** The licences of the actor's tenant that a person is named on. */
  async licensesOf(actor: Actor, userId: string): Promise<string[]> {
    const rows = await this.db.read<{ id: string }>(
      actor,
      `select license_id as id from licensing.license_users where tenant_id = $1 and user_id = $2 order by license_id`,
      [actor.tenantId, userId],
    );
    return rows.map((row) => row.id);
  }

  /** Inside a transaction that has locked the licence. Whether the person was not on it. */
  async add(licenseId: string, { userId, namedAt }: NamedUser): Promise<boolean> {
    const added = await this.db.query(
      `insert into licensing.license_users (tenant_id, license_id, user_id, named_at) values ($1, $2, $3, $4)
       on conflict do nothing returning user_id`,
      [this.db.actor.tenantId, licenseId, userId, namedAt],
    );
    return added.length > 0;
  }

  /** Inside a transaction that has locked the licence. Whether the person was on it. */
  async remove(licenseId: string, userId: string): Promise<boolean> {
    const removed = await this.db.query(
      `delete from licensing.license_users where tenant_id = $1 and license_id = $2 and user_id = $3
       returning user_id`,
      [this.db.actor.tenantId, licenseId, userId],
    );
    return removed.length > 0;
  }
}
