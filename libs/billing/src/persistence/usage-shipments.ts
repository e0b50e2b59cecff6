import { Injectable } from '@nestjs/common';
import { inMs, SystemDatabase } from '#platform';
import { type BillingPeriod, REPORTED } from '../domain/shipment.js';

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
  /** Whom Stripe bills for it. */
  customerId: string;
  /** The subscriptions of that customer, by the last look. */
  subscriptions: readonly BillingPeriod[];
  /** Of the tenant's contract; null: it has none. */
  contractEndsAt: string | null;
}

export type Outcome = 'shipped' | 'failed' | 'parked' | 'by_contract';

/** What became of uses of tenants that are no customers: how many, by outcome; `waiting`: for a customer. */
export type SetAside = Record<'waiting' | 'by_contract' | 'parked', number>;

/**
 * What is left to ship, for any number of workers: a row that one has taken, no other takes before the time it was given is
 * over, by Postgres's clock. That something is sent is written down before it is.
 */
@Injectable()
export class UsageShipments {
  constructor(private readonly database: SystemDatabase) {}

  /**
   * Up to `batch` due uses of tenants without a customer, so that none stands before those of customers. What was used
   * under a contract is settled; what is older than `tooOld` is for operators; the rest is looked at again after `waitMs`.
   */
  async setAside(
    batch: number,
    waitMs: number,
    { tooOld, now }: { tooOld: Date; now: Date },
  ): Promise<SetAside> {
    const rows = await this.database.query<{ status: keyof SetAside; uses: number }>(SET_ASIDE, [
      ...[batch, waitMs, tooOld, now],
    ]);
    const of = (status: keyof SetAside) => rows.find((one) => one.status === status)?.uses ?? 0;
    return { waiting: of('waiting'), by_contract: of('by_contract'), parked: of('parked') };
  }

  /** Up to `batch` uses of customers, for `leaseMs`. */
  async take(batch: number, leaseMs: number): Promise<TakenUse[]> {
    const rows = await this.database.query<TakenUse & { amount: string }>(
      `with taken as (
         update billing.usage_ledger set next_at = ${inMs('$2')} where (tenant_id, id) in (
           select t.tenant_id, t.id ${OF_ACCOUNTS}
           where t.status in ('waiting', 'unknown') and t.next_at <= clock_timestamp() and ${CUSTOMER} is not null
           order by t.next_at limit $1 for update of t skip locked)
         returning *
       )
       select t.tenant_id as "tenantId", t.id, ${IDENTIFIER} as identifier, t.meter, t.amount, t.used_at as "usedAt", t.sent_at as "sentAt",
         t.attempts, t.failure, ${CUSTOMER} as "customerId",
         coalesce(case a.facts ->> 'customerId' when ${CUSTOMER} then a.facts -> 'subscriptions' end, '[]') as subscriptions,
         a.contract ->> 'endsAt' as "contractEndsAt"
       from taken t left join billing.accounts a on a.tenant_id = t.tenant_id order by t.used_at`,
      [batch, leaseMs],
    );
    return rows.map((row) => ({ ...row, amount: Number(row.amount) }));
  }

  /** Since when the oldest use of a customer has been on its way; null: none is. */
  async oldest(): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      `select min(recorded_at) as at from billing.usage_ledger
       where status in ('waiting', 'unknown') and failure is distinct from 'NO_CUSTOMER'`,
    );
    return row?.at ?? null;
  }

  /**
   * It may be counted from now on. `usedAt`: the time that Stripe is told, which its sums go by: nothing changes it while
   * something may have been counted under it. False when somebody else has settled it meanwhile.
   */
  async send({ tenantId, id, customerId }: TakenUse, usedAt: Date, now: Date): Promise<boolean> {
    const rows = await this.database.query(
      `update billing.usage_ledger
       set status = 'unknown', sent_at = coalesce(sent_at, $3), attempts = attempts + 1, customer_id = $4,
         used_at = case when sent_at is null then $5 else used_at end
       where tenant_id = $1 and id = $2 and status in ('waiting', 'unknown') returning 1`,
      [tenantId, id, now, customerId, usedAt],
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
       where id = any ($1) and ${IDENTIFIER} = any ($2)
         and (status in ('waiting', 'unknown', 'shipped') or status = 'parked' and starts_with(failure, $5))
       returning id`,
      [identifiers.map(useOf), identifiers, failure, now, REPORTED],
    );
    return rows.map((row) => row.id);
  }

  /** The meters of these, in whatever state they are. */
  async metersOf(identifiers: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ meter: string }>(
      `select distinct meter from billing.usage_ledger t where id = any ($1) and ${IDENTIFIER} = any ($2)`,
      [identifiers.map(useOf), identifiers],
    );
    return rows.map((row) => row.meter);
  }

  /**
   * Some of what Stripe took of these meters in that time it does not count, and nobody knows which: operators decide. Up to
   * `batch` of them; gives how many they were.
   */
  async doubt(
    meters: readonly string[],
    { from, to }: { from: Date; to: Date },
    { failure, batch, now }: { failure: string; batch: number; now: Date },
  ): Promise<number> {
    return (await this.database.query(DOUBT, [meters, from, to, failure, now, batch])).length;
  }
}

/** What Stripe knows a use of the row `t` by: its id; `use_….2` once it got its second other one. */
export const IDENTIFIER = `case when t.renewals = 0 then t.id else t.id || '.' || t.renewals end`;

const OF_ACCOUNTS = 'from billing.usage_ledger t left join billing.accounts a on a.tenant_id = t.tenant_id';
const CUSTOMER = 'coalesce(t.customer_id, a.customer_id)';

export const DOUBT = `
  update billing.usage_ledger set status = 'parked', failure = $4, settled_at = $5 where (tenant_id, id) in (
    select tenant_id, id from billing.usage_ledger
    where meter = any ($1) and status in ('shipped', 'unknown') and coalesce(settled_at, sent_at) between $2 and $3
    order by coalesce(settled_at, sent_at) limit $6 for update)
  returning 1`;

const SET_ASIDE = `
  with due as (
    select t.tenant_id, t.id, case
      when (a.contract ->> 'endsAt')::timestamptz > t.used_at then 'by_contract'
      when t.used_at < $3 then 'parked' else 'waiting' end as outcome
    ${OF_ACCOUNTS}
    where t.status = 'waiting' and t.next_at <= clock_timestamp() and ${CUSTOMER} is null
    order by t.next_at limit $1 for update of t skip locked
  ), done as (
    update billing.usage_ledger u set status = outcome, next_at = ${inMs('$2')},
      failure = case outcome when 'parked' then 'TOO_OLD' when 'waiting' then 'NO_CUSTOMER' end,
      settled_at = case outcome when 'waiting' then null else $4::timestamptz end
    from due where u.tenant_id = due.tenant_id and u.id = due.id returning u.status
  )
  select status, count(*)::int as uses from done group by status`;

const useOf = (identifier: string): string => identifier.replace(/\.\d+$/, '');
