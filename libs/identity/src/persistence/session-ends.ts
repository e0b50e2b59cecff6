import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';

interface Row {
  next: string;
  sessions: { id: string; endedAt: string }[] | null;
}

/** Which sessions of any tenant have ended lately. For the processes that serve; the system role sees no more of them. */
@Injectable()
export class SessionEnds {
  constructor(private readonly database: SystemDatabase) {}

  /**
   * Those that transactions from `from` on ended, and which transaction to ask from the next time: the oldest that was
   * still running now, as Lookout wants it.
   */
  async since(
    from: string,
    endedAfter: Date,
    limit: number,
  ): Promise<{ sessions: { id: string; endedAt: Date }[]; nextFrom: string }> {
    const [row] = await this.database.query<Row>(
      `select pg_snapshot_xmin(pg_current_snapshot())::text as next,
         (select json_agg(json_build_object('id', id, 'endedAt', ended_at) order by ended_at) from (
            select id, ended_at from identity.auth_sessions
            where ended_xid >= $1::bigint and ended_at > $2 order by ended_at desc limit $3) s) as sessions`,
      [from, endedAfter, limit],
    );
    const sessions = (row?.sessions ?? []).map(({ id, endedAt }) => ({ id, endedAt: new Date(endedAt) }));
    return { sessions, nextFrom: row?.next ?? from };
  }
}
