import type { SEAT_CHANGES } from '../events/index.js';
import type { LedgerEntry } from '../persistence/seat-ledger.js';

export type StreamEntry = [id: string, fields: string[]];

/** `<generation>-<ms>-<n>` as scripts give it becomes the same id that the drain finds. */
export const ledgerIdOf = (shard: number, entryId: string): string => `${shard}-${entryId}`;

/** The id of a stream's entry as scripts give it. */
const entryIdOf = (generation: string, streamId: string): string => `${generation}-${streamId}`;

/** When an entry was written, by Redis's clock, ISO 8601. */
export const timeOf = (entryId: string): string => new Date(Number(entryId.split('-')[1])).toISOString();

/** An entry of a shard's stream, and whose it is. */
export function entryOf(shard: number, [streamId, flat]: StreamEntry): LedgerEntry & { tenantId: string } {
  const fields = fieldsOf(flat);
  const entryId = entryIdOf(fields.gen ?? '0', streamId);
  return {
    tenantId: fields.tenant ?? '',
    ledgerId: ledgerIdOf(shard, entryId),
    change: fields.change as (typeof SEAT_CHANGES)[number],
    licenseId: fields.license ?? '',
    seatId: fields.seat || null,
    device: fields.device ?? '',
    userId: fields.user || null,
    ...(fields.login ? { loginId: fields.login } : {}),
    ...(fields.cause ? { cause: JSON.parse(fields.cause) as LedgerEntry['cause'] } : {}),
    traceId: fields.trace ?? '',
    address: fields.address || null,
    count: Number(fields.count ?? 1),
    at: timeOf(entryId),
  };
}

function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i]!] = flat[i + 1]!;
  return fields;
}
