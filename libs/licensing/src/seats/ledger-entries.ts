import type { SEAT_CHANGES } from '../events/index.js';
import type { StreamEntry } from '../ledger/stream-drain.js';
import type { LedgerEntry } from '../persistence/seat-ledger.js';

/** An entry of a shard's stream, and whose it is. */
export interface DrainedEntry {
  tenantId: string;
  streamId: string;
  /** `<generation>-<ms>-<n>`, as scripts give it. */
  entryId: string;
  entry: LedgerEntry;
}

/** `<generation>-<ms>-<n>` as scripts give it becomes the same id that the drain finds. */
export const ledgerIdOf = (shard: number, entryId: string): string => `${shard}-${entryId}`;

/** When an entry was written, by Redis's clock, ISO 8601. */
export const timeOf = (entryId: string): string => new Date(Number(entryId.split('-')[1])).toISOString();

export function entryOf(shard: number, { id: streamId, fields }: StreamEntry): DrainedEntry {
  const entryId = `${fields.gen ?? '0'}-${streamId}`;
  const entry: LedgerEntry = {
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
  return { tenantId: fields.tenant ?? '', streamId, entryId, entry };
}
