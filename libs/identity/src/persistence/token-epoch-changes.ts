import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';
import type { MemberEpoch } from './token-epochs.js';

/** Whose access tokens of any tenant were outdated lately. For the processes that serve. */
@Injectable()
export class TokenEpochChanges {
  constructor(private readonly database: SystemDatabase) {}

  /** Those that transactions from `from` on outdated, the oldest first, and which to ask from the next time; see {@link SessionEnds}. */
  async since(
    from: string,
    changedAfter: Date,
    limit: number,
  ): Promise<{ changes: MemberEpoch[]; nextFrom: string }> {
    const [row] = await this.database.query<{ next: string; changes: MemberEpoch[] | null }>(
      `select pg_snapshot_xmin(pg_current_snapshot())::text as next,
         (select json_agg(json_build_object('tenantId', tenant_id, 'userId', user_id, 'epoch', epoch) order by changed_at)
          from (select tenant_id, user_id, epoch, changed_at from identity.token_epochs
            where changed_xid >= $1::bigint and changed_at > $2 order by changed_at desc limit $3) c) as changes`,
      [from, changedAfter, limit],
    );
    return { changes: row?.changes ?? [], nextFrom: row?.next ?? from };
  }
}
