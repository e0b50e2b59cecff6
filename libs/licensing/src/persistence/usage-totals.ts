import type pg from 'pg';

/** A use on its way from Redis to the ledger. Times are ISO 8601; `entry` sorts as the stream does. */
export interface DrainedUse {
  entry: string;
  tenant_id: string;
  license_id: string;
  meter: string;
  period: string;
  amount: number;
  quota_limit: number | null;
  idempotency_key: string | null;
  window_start: string;
  window_end: string | null;
  time_zone: string;
  used: number;
  /** The name of the counters that counted it. */
  generation: string;
  at: string;
}

/**
 * Adds uses of any tenants to their sums, each once however often it comes: one with a key by the key, the others because a
 * sum knows the last entry that is in it. As the system role, in the transaction of `client`.
 */
export async function addToTotals(client: pg.PoolClient, uses: readonly DrainedUse[]): Promise<void> {
  const keyed = new Set<string>();
  const distinct = uses.filter((use) => {
    if (use.idempotency_key === null) return true;
    const name = `${use.tenant_id} ${use.license_id} ${use.idempotency_key}`;
    return !keyed.has(name) && keyed.add(name);
  });
  await client.query(ADD, [JSON.stringify(distinct)]);
}

const ADD = `
  with e as (
    select * from jsonb_to_recordset($1::jsonb) as e(
      entry text, tenant_id text, license_id text, meter text, period text, amount bigint, quota_limit bigint,
      idempotency_key text, window_start timestamptz, window_end timestamptz, time_zone text, used bigint,
      generation text, at timestamptz)
  ), fresh as (
    insert into licensing.usage_keys
      (tenant_id, license_id, idempotency_key, at, meter, amount, quota_limit, used, window_start, window_end)
    select tenant_id, license_id, idempotency_key, at, meter, amount, quota_limit, used, window_start, window_end
    from e where idempotency_key is not null and not exists (
      select from licensing.usage_keys k
      where k.tenant_id = e.tenant_id and k.license_id = e.license_id and k.idempotency_key = e.idempotency_key)
    on conflict do nothing
    returning tenant_id, license_id, idempotency_key
  )
  insert into licensing.usage_ledger as l
    (tenant_id, license_id, meter, period, window_start, generation, window_end, time_zone, amount, last_entry)
  select e.tenant_id, e.license_id, e.meter, e.period, e.window_start, e.generation,
    (array_agg(e.window_end order by e.entry desc))[1], (array_agg(e.time_zone order by e.entry desc))[1],
    sum(e.amount), max(e.entry collate "C")
  from e
  left join licensing.usage_ledger known using (tenant_id, license_id, meter, period, window_start, generation)
  left join fresh using (tenant_id, license_id, idempotency_key)
  where case when e.idempotency_key is null then e.entry collate "C" > coalesce(known.last_entry, '')
    else fresh.tenant_id is not null end
  group by e.tenant_id, e.license_id, e.meter, e.period, e.window_start, e.generation
  on conflict (tenant_id, license_id, meter, period, window_start, generation) do update set
    amount = l.amount + excluded.amount, window_end = excluded.window_end, time_zone = excluded.time_zone,
    last_entry = greatest(l.last_entry, excluded.last_entry)`;
