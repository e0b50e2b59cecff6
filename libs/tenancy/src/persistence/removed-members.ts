import { Injectable } from '@nestjs/common';
import { Db } from '#platform';

/** Whom the transaction's tenant, which is locked, has put out. */
@Injectable()
export class RemovedMembers {
  constructor(private readonly db: Db) {}

  async add(userId: string, now: Date): Promise<void> {
    await this.db.query(
      `insert into tenancy.removed_members (tenant_id, user_id, removed_at) values ($1, $2, $3)
       on conflict (tenant_id, user_id) do update set removed_at = excluded.removed_at`,
      [this.db.actor.tenantId, userId, now],
    );
  }

  async has(userId: string): Promise<boolean> {
    const rows = await this.db.query(
      'select 1 from tenancy.removed_members where tenant_id = $1 and user_id = $2',
      [this.db.actor.tenantId, userId],
    );
    return rows.length === 1;
  }

  /** Somebody who may has let them in again. */
  async clear(userId: string): Promise<void> {
    await this.db.query('delete from tenancy.removed_members where tenant_id = $1 and user_id = $2', [
      this.db.actor.tenantId,
      userId,
    ]);
  }

  /** Wherever the transaction's person was put out: they are about to be nobody. */
  async forgetPerson(): Promise<void> {
    await this.db.query('select tenancy.forget_removals_of_caller()');
  }
}
