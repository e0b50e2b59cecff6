import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';
import type { StatusChange } from '../suspensions/suspended-tenants.js';

/** Which tenants were suspended, reactivated or deleted lately. For the processes that serve. */
@Injectable()
export class StatusChanges {
  constructor(private readonly database: SystemDatabase) {}

  /**
   * Those that transactions from `from` on changed, as they are now, and which transaction to ask from the next time: see
   * Lookout.
   */
  async since(from: string): Promise<{ changes: StatusChange[]; nextFrom: string }> {
    const [row] = await this.database.query<{ next: string; changes: StatusChange[] | null }>(
      `select pg_snapshot_xmin(pg_current_snapshot())::text as next,
         (select json_agg(json_build_object('id', tenant_id, 'status', status))
          from tenancy.tenants where status_xid >= $1::bigint) as changes`,
      [from],
    );
    return { changes: row?.changes ?? [], nextFrom: row?.next ?? from };
  }
}
