import type { StreamEntry } from '../ledger/stream-drain.js';
import type { DrainedUse } from '../persistence/usage-totals.js';
import type { PayloadOf } from '#platform';
import type { UsageRefused } from '../events/usage-events.js';

type RefusalEntry = PayloadOf<typeof UsageRefused>['entries'][number];
export interface Refusal {
  tenantId: string;
  entry: RefusalEntry;
}

export const MINUTE_MS = 60_000;

/** A use as use.lua wrote it; null for another entry. */
export function useOf({ id, at, fields }: StreamEntry): DrainedUse | null {
  if (fields.use === undefined) return null;
  const [tenantId, licenseId, meter, period, amount, limit, key] = JSON.parse(fields.use) as [
    ...[string, string, string, string, number, number | null, string | null],
  ];
  const [start, end, zone = 'UTC'] = (fields.window ?? '').split(' ');
  return {
    entry: sortable(id),
    tenant_id: tenantId,
    license_id: licenseId,
    meter,
    period,
    amount,
    quota_limit: limit,
    idempotency_key: key,
    window_start: instant(start) ?? new Date(0).toISOString(),
    window_end: instant(end),
    time_zone: zone,
    used: Number(fields.used),
    generation: fields.counters ?? '',
    at: new Date(at).toISOString(),
  };
}

/** The first refusal of a minute, as use.lua wrote it; null for another entry. */
export function refusalOf(shard: number, { at, fields }: StreamEntry): Refusal | null {
  if (fields.refused === undefined) return null;
  const [tenantId, licenseId, meter, userId, traceId, address] = JSON.parse(fields.refused) as [
    ...[string, string, string, string | null, string, string | null],
  ];
  const refusalId = `${shard}-${Math.floor(at / MINUTE_MS)}-${licenseId}-${meter}`;
  const told = { refusalId, licenseId, meter, userId, traceId, address };
  return { tenantId, entry: { ...told, count: 1, at: new Date(at).toISOString() } };
}

/** The others of a minute that is over, from their counter; null when there are none. */
export function otherRefusals(shard: number, field: string, count: number): Refusal | null {
  const [minute = '', tenantId = '', licenseId = '', meter = ''] = field.split(' ');
  if (count < 2) return null;
  const refusalId = `${shard}-${minute}-${licenseId}-${meter}-more`;
  const told = { refusalId, licenseId, meter, userId: null, traceId: '', address: null };
  return {
    tenantId,
    entry: { ...told, count: count - 1, at: new Date(Number(minute) * MINUTE_MS).toISOString() },
  };
}

/** Of two ids the later one is the greater text: they are milliseconds and a number within one. */
function sortable(id: string): string {
  const [ms = '', sequence = ''] = id.split('-');
  return `${ms.padStart(15, '0')}-${sequence.padStart(12, '0')}`;
}

const instant = (ms: string | undefined) => (ms && ms !== '0' ? new Date(Number(ms)).toISOString() : null);
