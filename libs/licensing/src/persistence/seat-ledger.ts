import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { SEAT_CHANGES } from '../events/index.js';

export interface LedgerEntry {
  /** `<shard>-<stream id>`: the same however often the stream is drained. */
  ledgerId: string;
  change: (typeof SEAT_CHANGES)[number];
  licenseId: string;
  seatId: string | null;
  device: string;
  userId: string | null;
  traceId: string;
  address: string | null;
  /** How many of it: refusals of a minute beyond the first come as one entry. */
  count?: number;
  /** By Redis's clock, ISO 8601. */
  at: string;
}

/** What happened to every seat, for good. */
@Injectable()
export class SeatLedger {
  constructor(private readonly db: Db) {}

  /** Writes entries of the transaction's tenant; gives those that were new. */
  async append(entries: readonly LedgerEntry[]): Promise<LedgerEntry[]> {
    const rows = await this.db.query<{ ledger_id: string }>(
      `insert into licensing.seat_ledger
         (tenant_id, ledger_id, at, change, license_id, seat_id, device, user_id, trace_id, address, count)
       select $1, e."ledgerId", e.at, e.change, e."licenseId", e."seatId", e.device, e."userId", e."traceId",
         e.address, coalesce(e.count, 1) from jsonb_to_recordset($2::jsonb) as e(
         "ledgerId" text, at timestamptz, change text, "licenseId" text, "seatId" text, device text,
         "userId" text, "traceId" text, address text, count int)
       on conflict do nothing returning ledger_id`,
      [this.db.actor.tenantId, JSON.stringify(entries)],
    );
    const written = new Set(rows.map((row) => row.ledger_id));
    return entries.filter((entry) => written.has(entry.ledgerId));
  }

  /** Whether a seat was released: such an id never comes back. */
  async wasReleased(actor: Actor, licenseId: string, seatId: string): Promise<boolean> {
    const rows = await this.db.read(
      actor,
      `select 1 from licensing.seat_ledger
       where tenant_id = $1 and license_id = $2 and seat_id = $3 and change = 'released' limit 1`,
      [actor.tenantId, licenseId, seatId],
    );
    return rows.length > 0;
  }
}
