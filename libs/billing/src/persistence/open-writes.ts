import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';
import type { StripeWrite } from './stripe-writes.js';

/** A write whose end nobody knows, and that nobody is at any more. */
export interface OpenWrite extends StripeWrite {
  tenantId: string;
  verb: string;
}

/** Such writes of all tenants, for any number of workers. */
@Injectable()
export class OpenWrites {
  constructor(private readonly database: SystemDatabase) {}

  /** Up to `limit` of these verbs that nobody has tried since `before`, those that wait longest first; from now on they were. */
  async take(verbs: readonly string[], before: Date, now: Date, limit: number): Promise<OpenWrite[]> {
    return this.database.query<OpenWrite>(
      `update billing.stripe_writes set tried_at = $3
       where (tenant_id, id) in (
         select tenant_id, id from billing.stripe_writes
         where outcome is null and coalesce(tried_at, begun_at) <= $2 and verb = any ($1)
         order by coalesce(tried_at, begun_at) limit $4 for update skip locked)
       returning tenant_id as "tenantId", id, verb, params, begun_at as "begunAt", failure, true as "isOld"`,
      [verbs, before, now, limit],
    );
  }
}
