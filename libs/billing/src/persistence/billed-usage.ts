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

  /** By month, the newest first, and meter; behind `after`. */
  async months(
    actor: Actor,
    after: { month: Date; meter: string } | null,
    limit: number,
  ): Promise<MonthOfUsage[]> {
    const rows = await this.db.read<Record<keyof MonthOfUsage, string> & { month: Date }>(
      actor,
      `select meter, month, sum(amount) as recorded,
         coalesce(sum(amount) filter (where status = 'shipped'), 0) as shipped,
         coalesce(sum(amount) filter (where status in ('waiting', 'unknown')), 0) as waiting,
         coalesce(sum(amount) filter (where status in ('failed', 'parked')), 0) as failed
       from (
         select *, date_trunc('month', used_at, 'UTC') as month from billing.usage_ledger where tenant_id = $1
       ) u
       where $2::timestamptz is null or month < $2 or month = $2 and meter > $3
       group by month, meter order by month desc, meter limit $4`,
      [actor.tenantId, after?.month ?? null, after?.meter ?? '', limit],
    );
    return rows.map(({ meter, month, recorded, shipped, waiting, failed }) => ({
      ...{ meter, month, recorded: Number(recorded), shipped: Number(shipped) },
      ...{ waiting: Number(waiting), failed: Number(failed) },
    }));
  }
}
