import { Injectable } from '@nestjs/common';
import { inMs, SystemDatabase } from '#platform';

/** A use that a worker has taken on, for a while. */
export interface TakenUse {
  tenantId: string;
  id: string;
  /** What Stripe knows it by. */
  identifier: string;
  meter: string;
  amount: number;
  usedAt: Date;
  sentAt: Date | null;
  /** Before this one. */
  attempts: number;
  failure: string | null;
  /** null: nobody that Stripe could bill. */
  customerId: string | null;
}

export type Outcome = 'shipped' | 'failed' | 'parked';

/**
 * What is left to ship, for any number of workers: a row that one has taken, no other takes before the time it was given is
 * over, by Postgres's clock. That something is sent is written down before it is.
 */
@Injectable()
export class UsageShipments {
  constructor(private readonly database: SystemDatabase) {}

  /** Up to `batch` uses, for `leaseMs`. */
  async take(batch: number, leaseMs: number): Promise<TakenUse[]> {
    const rows = await this.database.query<TakenUse & { amount: string }>(
      `with taken as (
         update billing.usage_ledger set next_at = ${inMs('$2')} where (tenant_id, id) in (
           select tenant_id, id from billing.usage_ledger
           where status in ('waiting', 'unknown') and next_at <= clock_timestamp()
           order by next_at limit $1 for update skip locked)
         returning *
       )
       select t.tenant_id as "tenantId", t.id, ${IDENTIFIER} as identifier, t.meter, t.amount, t.used_at as "usedAt", t.sent_at as "sentAt",
         t.attempts, t.failure, coalesce(t.customer_id, a.customer_id) as "customerId"
       from taken t left join billing.accounts a on a.tenant_id = t.tenant_id order by t.used_at`,
      [batch, leaseMs],
    );
    return rows.map((row) => ({ ...row, amount: Number(row.amount) }));
  }

  /** It may be counted from now on. False when somebody else has settled it meanwhile. */
  async send({ tenantId, id, customerId }: TakenUse, now: Date): Promise<boolean> {
    const rows = await this.database.query(
      `update billing.usage_ledger
       set status = 'unknown', sent_at = coalesce(sent_at, $3), attempts = attempts + 1, customer_id = $4
       where tenant_id = $1 and id = $2 and status in ('waiting', 'unknown') returning 1`,
      [tenantId, id, now, customerId],
    );
    return rows.length === 1;
  }

  async settle(
    { tenantId, id }: Pick<TakenUse, 'tenantId' | 'id'>,
    outcome: Outcome,
    failure: string | null,
    now: Date,
  ): Promise<boolean> {
    const rows = await this.database.query(
      `update billing.usage_ledger set status = $3, failure = $4, settled_at = $5
       where tenant_id = $1 and id = $2 and status in ('waiting', 'unknown') returning 1`,
      [tenantId, id, outcome, failure, now],
    );
    return rows.length === 1;
  }

  /** Again after `waitMs`, nobody knowing more than before. */
  async postpone({ tenantId, id }: TakenUse, waitMs: number, failure: string): Promise<void> {
    await this.database.query(
      `update billing.usage_ledger set next_at = ${inMs('$3')}, failure = $4
       where tenant_id = $1 and id = $2 and status in ('waiting', 'unknown')`,
      [tenantId, id, waitMs, failure],
    );
  }

  /** This attempt has counted nothing: how it stood before it. */
  async takeBack({ tenantId, id, sentAt }: TakenUse, waitMs: number, failure: string): Promise<void> {
    await this.database.query(
      `update billing.usage_ledger set status = case when $3::timestamptz is null then 'waiting' else 'unknown' end,
         sent_at = $3, next_at = ${inMs('$4')}, failure = $5
       where tenant_id = $1 and id = $2 and status in ('waiting', 'unknown')`,
      [tenantId, id, sentAt, waitMs, failure],
    );
  }

  /** Stripe has found afterwards that it counts nothing under these identifiers. Gives the ids of those that were ours. */
  async refuse(identifiers: readonly string[], failure: string, now: Date): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `update billing.usage_ledger t set status = 'failed', failure = $3, settled_at = $4
       where id = any ($1) and ${IDENTIFIER} = any ($2) and status in ('waiting', 'unknown', 'shipped') returning id`,
      [identifiers.map(useOf), identifiers, failure, now],
    );
    return rows.map((row) => row.id);
  }
}

/** What Stripe knows a use of the row `t` by: its id; `use_….2` once it got its second other one. */
export const IDENTIFIER = `case when t.renewals = 0 then t.id else t.id || '.' || t.renewals end`;

const useOf = (identifier: string): string => identifier.replace(/\.\d+$/, '');
