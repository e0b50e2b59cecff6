import { Injectable } from '@nestjs/common';
import { type Actor, Db, occurred } from '#platform';
import type { Window } from '../quotas/windows.js';
import type { MeterTerms } from '../domain/terms.js';
import { UsageBilled } from '../events/usage-events.js';

interface OfMeter {
  licenseId: string;
  meter: string;
  period: MeterTerms['period'];
}

/** A use that came with a key, and what it was answered. Times are epoch ms. */
export interface KeyedUse {
  meter: string;
  amount: number;
  limit: number | null;
  used: number;
  window: Window;
}

interface LedgerUse extends OfMeter {
  window: Window;
  zone: string;
  amount: number;
  idempotencyKey: string;
  /** By Redis's clock. */
  at: number;
  limit: number | null;
  /** It has happened: it is written even beyond the limit. */
  isTold: boolean;
  isBilled: boolean;
}

interface RawKeyedUse {
  meter: string;
  amount: string;
  limit: string | null;
  used: string;
  start: Date;
  end: Date | null;
}

/** What was used of meters, for good. */
@Injectable()
export class UsageLedger {
  constructor(private readonly db: Db) {}

  /** The last window that anything was used in, if it began at `notBefore` or later. */
  async latest(
    actor: Actor,
    { licenseId, meter, period }: OfMeter,
    notBefore: number,
  ): Promise<{ window: Window; zone: string; used: number } | null> {
    const [row] = await this.db.read<{ start: Date; end: Date | null; zone: string; used: string }>(
      actor,
      `select window_start as start, (array_agg(window_end order by last_entry desc))[1] as "end",
         (array_agg(time_zone order by last_entry desc))[1] as zone, sum(amount) as used
       from licensing.usage_ledger
       where tenant_id = $1 and license_id = $2 and meter = $3 and period = $4 and window_start >= $5
       group by window_start order by window_start desc limit 1`,
      [actor.tenantId, licenseId, meter, period, new Date(notBefore)],
    );
    return row ? { window: windowOf(row), zone: row.zone, used: Number(row.used) } : null;
  }

  /** Whether any use of a licence came with a key. */
  async hasKeys(actor: Actor, licenseId: string): Promise<boolean> {
    const rows = await this.db.read(
      actor,
      'select from licensing.usage_keys where tenant_id = $1 and license_id = $2 limit 1',
      [actor.tenantId, licenseId],
    );
    return rows.length > 0;
  }

  async byKey(actor: Actor, licenseId: string, key: string): Promise<KeyedUse | null> {
    const [row] = await this.db.read<RawKeyedUse>(
      actor,
      `${SELECT_KEYED} where tenant_id = $1 and license_id = $2 and idempotency_key = $3 limit 1`,
      [actor.tenantId, licenseId, key],
    );
    return row ? keyedUse(row) : null;
  }

  /**
   * Counts a use in Postgres, once by its key. `counted`: with what is used now; `known`: the key was there before;
   * `exhausted`: it would go beyond the limit.
   */
  async count(
    actor: Actor,
    use: LedgerUse,
  ): Promise<{ outcome: 'counted' | 'exhausted'; used: number } | { outcome: 'known'; known: KeyedUse }> {
    return this.db.transaction(actor, async () => {
      // One at a time for each licence. A statement of its own: the next one has to see what was written meanwhile.
      await this.db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `usage ${use.licenseId}`,
      ]);
      const [row] = await this.db.query<RawKeyedUse & { before: string; counted: boolean; known: boolean }>(
        COUNT,
        [
          actor.tenantId,
          use.licenseId,
          use.meter,
          use.period,
          new Date(use.window.start),
          use.window.end === null ? null : new Date(use.window.end),
          use.zone,
          use.amount,
          use.idempotencyKey,
          new Date(use.at),
          use.limit,
          use.isTold,
        ],
      );
      if (!row) throw new Error('The ledger of usage gave no answer.');
      if (row.known) return { outcome: 'known', known: keyedUse(row) };
      const before = Number(row.before);
      if (row.counted) this.tellOfBilled(use);
      return row.counted
        ? { outcome: 'counted', used: before + use.amount }
        : { outcome: 'exhausted', used: before };
    });
  }

  /** In the transaction that counts it: what is counted is billed, and nothing else. */
  private tellOfBilled({ isBilled, licenseId, meter, idempotencyKey, amount, at }: LedgerUse): void {
    if (!isBilled) return;
    const toldAt = new Date(at);
    const told = { licenseId, meter, idempotencyKey, amount, at: toldAt.toISOString() };
    this.db.record([occurred(UsageBilled, told, toldAt)]);
  }
}

const KEYED = `meter, amount, quota_limit as "limit", used, window_start as start, window_end as "end"`;
const SELECT_KEYED = `select ${KEYED} from licensing.usage_keys`;

const COUNT = `
  with known as (
    ${SELECT_KEYED} where tenant_id = $1 and license_id = $2 and idempotency_key = $9 limit 1
  ), so_far as (
    select coalesce(sum(amount), 0)::bigint as used from licensing.usage_ledger
    where tenant_id = $1 and license_id = $2 and meter = $3 and period = $4 and window_start = $5
  ), counted as (
    insert into licensing.usage_ledger as l
      (tenant_id, license_id, meter, period, window_start, generation, window_end, time_zone, amount, last_entry)
    select $1, $2, $3, $4, $5::timestamptz, '', $6::timestamptz, $7, $8::bigint, '' from so_far
    where not exists (select from known) and ($12::boolean or $11::bigint is null or so_far.used + $8::bigint <= $11::bigint)
    on conflict (tenant_id, license_id, meter, period, window_start, generation)
    do update set amount = l.amount + excluded.amount, window_end = excluded.window_end, time_zone = excluded.time_zone
    returning 1
  ), kept as (
    insert into licensing.usage_keys
      (tenant_id, license_id, idempotency_key, at, meter, amount, quota_limit, used, window_start, window_end)
    select $1, $2, $9, $10::timestamptz, $3, $8::bigint, $11::bigint, so_far.used + $8::bigint, $5::timestamptz, $6::timestamptz
    from so_far, counted
  )
  select so_far.used as before, exists (select from counted) as counted, known.meter is not null as known, known.*
  from so_far left join known on true`;

const windowOf = ({ start, end }: { start: Date; end: Date | null }): Window => ({
  start: start.getTime(),
  end: end?.getTime() ?? null,
});

const keyedUse = (row: RawKeyedUse): KeyedUse => ({
  meter: row.meter,
  amount: Number(row.amount),
  limit: row.limit === null ? null : Number(row.limit),
  used: Number(row.used),
  window: windowOf(row),
});
