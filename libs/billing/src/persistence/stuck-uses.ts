import { Injectable } from '@nestjs/common';
import { type Page, pageOf, SystemDatabase } from '#platform';
import type { StuckUse } from '../domain/shipment.js';
import { IDENTIFIER } from './usage-shipments.js';

/** Which uses are meant; those that fit everything that is named. */
interface StuckUseFilter {
  id?: string;
  tenantId?: string;
  meter?: string;
  status?: StuckUse['status'];
  /** How its `failure` begins. */
  failure?: string;
}

export interface StuckUseRow extends StuckUse {
  tenantId: string;
  id: string;
  /** What Stripe knows it by. */
  identifier: string;
  meter: string;
  amount: number;
  attempts: number;
  failure: string | null;
  /** It was, or would be, counted for. */
  customerId: string | null;
}

/** Uses that go on by themselves no more, for operators of the whole installation. */
@Injectable()
export class StuckUses {
  constructor(private readonly database: SystemDatabase) {}

  /** The oldest first; `cursor`: the id of the last one of the page before. */
  async page(filter: StuckUseFilter, limit: number, cursor?: string): Promise<Page<StuckUseRow>> {
    const { id, tenantId, meter, status, failure } = filter;
    const rows = await this.database.query<StuckUseRow & { amount: string }>(
      `select t.tenant_id as "tenantId", t.id, ${IDENTIFIER} as identifier, t.meter, t.amount, t.used_at as "usedAt",
         t.sent_at as "sentAt", t.status, t.attempts, t.failure,
         coalesce(t.customer_id, a.customer_id) as "customerId"
       from billing.usage_ledger t left join billing.accounts a on a.tenant_id = t.tenant_id
       where t.status in ('failed', 'parked') and ($1::text is null or t.id = $1)
         and ($2::text is null or t.tenant_id = $2) and ($3::text is null or t.meter = $3)
         and ($4::text is null or t.status = $4) and ($5::text is null or starts_with(t.failure, $5))
         and ($6::text is null or t.id > $6)
       order by t.id limit $7`,
      [
        id ?? null,
        tenantId ?? null,
        meter ?? null,
        status ?? null,
        failure ?? null,
        cursor ?? null,
        limit + 1,
      ],
    );
    return pageOf(
      rows.map((row) => ({ ...row, amount: Number(row.amount) })),
      limit,
      (row) => row.id,
    );
  }

  /** To be sent as if it never had been; `anew`: under another identifier. Gives how many were as they were read. */
  async sendAgain(uses: readonly StuckUseRow[], isAnew: boolean): Promise<number> {
    return this.decide(
      uses,
      `status = 'waiting', sent_at = null, customer_id = null, failure = null, settled_at = null,
       next_at = clock_timestamp(), renewals = renewals + $4`,
      [isAnew ? 1 : 0],
    );
  }

  /** Stripe has counted it after all. Gives how many were as they were read. */
  async settleAsCounted(uses: readonly StuckUseRow[], now: Date): Promise<number> {
    return this.decide(uses, `status = 'shipped', failure = null, settled_at = $4`, [now]);
  }

  /** Nobody is billed for it any more. Of one that failed it is known that Stripe never counted it. */
  async writeOff(uses: readonly StuckUseRow[], now: Date): Promise<number> {
    return this.decide(
      uses,
      `status = 'written_off', settled_at = $4, sent_at = case u.status when 'failed' then null else sent_at end`,
      [now],
    );
  }

  /** Whatever was sent since it was read is another attempt, and left alone. */
  private async decide(uses: readonly StuckUseRow[], set: string, more: unknown[]): Promise<number> {
    const rows = await this.database.query(
      `update billing.usage_ledger u set ${set}
       from unnest($1::text[], $2::text[], $3::int[]) d (tenant_id, id, attempts)
       where u.tenant_id = d.tenant_id and u.id = d.id and u.attempts = d.attempts
         and u.status in ('failed', 'parked') returning 1`,
      [uses.map((one) => one.tenantId), uses.map((one) => one.id), uses.map((one) => one.attempts), ...more],
    );
    return rows.length;
  }
}
