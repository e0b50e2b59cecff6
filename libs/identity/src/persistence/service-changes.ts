import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';

/** A service account of which something changed, and the epoch that it is in. */
export interface ServiceChange {
  id: string;
  epoch: number;
  /** The transactions that changed it, of those that were asked for. */
  changedBy: string;
}

/** When something was last used. */
export interface LastUse {
  tenantId: string;
  id: string;
  at: Date;
}

/** What of the service accounts of any tenant changed lately. For the processes that serve. */
@Injectable()
export class ServiceChanges {
  constructor(private readonly database: SystemDatabase) {}

  /** Those that transactions from `from` on changed, and which to ask from the next time; see {@link SessionEnds}. */
  async since(
    from: string,
    changedAfter: Date,
    limit: number,
  ): Promise<{ changes: ServiceChange[]; nextFrom: string }> {
    const [row] = await this.database.query<{ next: string; changes: ServiceChange[] | null }>(
      `select pg_snapshot_xmin(pg_current_snapshot())::text as next,
         (select json_agg(json_build_object('id', id, 'epoch', epoch, 'changedBy', changed_by)) from (
            select tenant_id, id, string_agg(changed_xid::text, ' ' order by changed_xid) as changed_by from (
              select tenant_id, id, changed_xid from identity.service_accounts
              where changed_xid >= $1::bigint and changed_at > $2
              union
              select tenant_id, service_account_id, changed_xid from identity.service_account_tokens
              where changed_xid >= $1::bigint and changed_at > $2) c
            group by tenant_id, id limit $3) s
          join identity.service_accounts using (tenant_id, id)) as changes`,
      [from, changedAfter, limit],
    );
    return { changes: row?.changes ?? [], nextFrom: row?.next ?? from };
  }

  /** Writes when accounts and keys were used, each in one statement for all tenants. */
  async used(accounts: readonly LastUse[], keys: readonly LastUse[]): Promise<void> {
    for (const [table, uses] of [
      ['service_accounts', accounts],
      ['service_account_tokens', keys],
    ] as const) {
      if (uses.length === 0) continue;
      await this.database.query(
        `update identity.${table} t set last_used_at = u.at
         from unnest($1::text[], $2::text[], $3::timestamptz[]) as u(tenant_id, id, at)
         where t.tenant_id = u.tenant_id and t.id = u.id and (t.last_used_at is null or t.last_used_at < u.at)`,
        [uses.map((one) => one.tenantId), uses.map((one) => one.id), uses.map((one) => one.at)],
      );
    }
  }
}
