import { Injectable } from '@nestjs/common';
import { type Actor, Db, newId } from '#platform';

export interface BilledUse {
  meter: string;
  useKey: string;
  amount: number;
  usedAt: Date;
}

/** What was used of a meter in a month of UTC: sums. */
export interface MonthOfUsage {
  meter: string;
  month: Date;
  recorded: number;
  shipped: number;
  /** On its way. */
  waiting: number;
  /** Stripe does not take it, or operators have to decide. */
  failed: number;
  /** Nobody is billed for it, as an operator has decided. */
  writtenOff: number;
  /** Stripe does not bill it: there was a contract instead. */
  byContract: number;
}

/** What was used of billed meters, for good. */
@Injectable()
export class BilledUsage {
  constructor(private readonly db: Db) {}

  /** Inside a transaction; once for each key of a meter. */
  async record({ meter, useKey, amount, usedAt }: BilledUse, now: Date): Promise<void> {
    await this.db.query(
      `insert into billing.usage_ledger (tenant_id, id, meter, use_key, amount, used_at, recorded_at)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, meter, use_key) do nothing`,
      [this.db.actor.tenantId, newId('use'), meter, useKey, amount, usedAt, now],
    );
  }

  /**
   * By month, the newest first, and meter; behind `after`, of as many months as a page may have. `hasOlder`: there is more
   * behind those months.
   */
  async months(
    actor: Actor,
    after: { month: Date; meter: string } | null,
    limit: number,
  ): Promise<{ rows: MonthOfUsage[]; hasOlder: boolean }> {
    const found = await this.db.read<Row>(actor, MONTHS, [
      ...[actor.tenantId, after?.month ?? null, after?.meter ?? '', after && nextMonth(after.month)],
      ...[MONTHS_OF_A_PAGE - 1, limit],
    ]);
    const rows = found.map(
      ({ meter, month, recorded, shipped, waiting, failed, writtenOff, byContract }) => ({
        ...{ meter, month, recorded: Number(recorded), shipped: Number(shipped) },
        ...{ waiting: Number(waiting), failed: Number(failed), writtenOff: Number(writtenOff) },
        byContract: Number(byContract),
      }),
    );
    return { rows, hasOlder: found[0]?.hasOlder ?? false };
  }
}

type Row = Record<keyof MonthOfUsage, string> & { month: Date; hasOlder: boolean };

/** The ledger is kept for good, a row for each use: a page adds up no more of it than this. */
const MONTHS_OF_A_PAGE = 12;

const nextMonth = (month: Date): Date => new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1));

// Back from the newest month that no page has told of yet, so that no page is empty because somebody used nothing for long.
const MONTHS = `
  with page as (
    select (date_trunc('month', max(used_at), 'UTC') at time zone 'UTC' - make_interval(months => $5::int))
      at time zone 'UTC' as since
    from billing.usage_ledger where tenant_id = $1 and used_at < coalesce($2::timestamptz, 'infinity')
  )
  select meter, month, sum(amount) as recorded,
    coalesce(sum(amount) filter (where status = 'shipped'), 0) as shipped,
    coalesce(sum(amount) filter (where status in ('waiting', 'unknown')), 0) as waiting,
    coalesce(sum(amount) filter (where status in ('failed', 'parked')), 0) as failed,
    coalesce(sum(amount) filter (where status = 'written_off'), 0) as "writtenOff",
    coalesce(sum(amount) filter (where status = 'by_contract'), 0) as "byContract",
    exists (
      select from billing.usage_ledger where tenant_id = $1 and used_at < (select since from page)
    ) as "hasOlder"
  from (
    select *, date_trunc('month', used_at, 'UTC') as month from billing.usage_ledger
    where tenant_id = $1 and used_at >= coalesce((select since from page), $2)
      and used_at < coalesce($4::timestamptz, 'infinity')
  ) u
  where $2 is null or month < $2 or month = $2 and meter > $3
  group by month, meter order by month desc, meter limit $6`;
