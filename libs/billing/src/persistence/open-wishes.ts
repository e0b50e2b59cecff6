import { Injectable } from '@nestjs/common';
import { inMs, SystemDatabase } from '#platform';

/** The wishes that nobody has decided, of all tenants. */
@Injectable()
export class OpenWishes {
  constructor(private readonly database: SystemDatabase) {}

  /**
   * Up to `limit` tenants whose wishes are not decided, and in nobody's hands, for `leaseMs`; those that wait longest first.
   * Whoever cannot be helped comes again then, behind the others.
   */
  async take(limit: number, leaseMs: number): Promise<string[]> {
    const rows = await this.database.query<{ tenant_id: string }>(
      `update billing.wishes set retry_at = ${inMs('$2')} where tenant_id in (
         select tenant_id from billing.wishes
         where settled < generation and retry_at < clock_timestamp()
           and (leased_until is null or leased_until < clock_timestamp())
         order by retry_at limit $1 for update skip locked)
       returning tenant_id`,
      [limit, leaseMs],
    );
    return rows.map((row) => row.tenant_id);
  }
}
