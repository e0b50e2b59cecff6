import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { z } from 'zod';
import type { SEAT_CHANGES, SeatCause } from '../events/index.js';

export interface LedgerEntry {
  /** `<shard>-<generation>-<stream id>`: the same whoever writes it, however often. */
  ledgerId: string;
  change: (typeof SEAT_CHANGES)[number];
  licenseId: string;
  seatId: string | null;
  device: string;
  userId: string | null;
  /** The login session it was acquired with. */
  loginId?: string | null;
  /** Of what was ended. */
  cause?: z.output<typeof SeatCause> | null;
  traceId: string;
  address: string | null;
  /** How many of it: refusals of a minute beyond the first come as one entry. */
  count?: number;
  /** By Redis's clock, ISO 8601. */
  at: string;
}

/** What the ledger knows of one seat. */
export interface SeatPast {
  history: 'released' | 'lapsed' | 'open';
  userId: string | null;
  loginId: string | null;
  /** Until when its holder was told to have it, if that outlived an hour. */
  expiresAt: Date | null;
}

/** What happened to every seat, for good. */
@Injectable()
export class SeatLedger {
  constructor(private readonly db: Db) {}

  /** Writes entries of the transaction's tenant; gives those that were new. */
  async append(entries: readonly LedgerEntry[]): Promise<LedgerEntry[]> {
    const rows = await this.db.query<{ ledger_id: string }>(
      `insert into licensing.seat_ledger
         (tenant_id, ledger_id, at, change, license_id, seat_id, device, user_id, login_id, cause, trace_id,
          address, count)
       select $1, e."ledgerId", e.at, e.change, e."licenseId", e."seatId", e.device, e."userId", e."loginId",
         e.cause, e."traceId", e.address, coalesce(e.count, 1) from jsonb_to_recordset($2::jsonb) as e(
         "ledgerId" text, at timestamptz, change text, "licenseId" text, "seatId" text, device text,
         "userId" text, "loginId" text, cause jsonb, "traceId" text, address text, count int)
       on conflict do nothing returning ledger_id`,
      [this.db.actor.tenantId, JSON.stringify(entries)],
    );
    const written = new Set(rows.map((row) => row.ledger_id));
    return entries.filter((entry) => written.has(entry.ledgerId));
  }

  /** What became of a seat that Redis does not know, and whose it was last: one that was released or ended never comes back. */
  async pastOf(actor: Actor, licenseId: string, seatId: string): Promise<SeatPast> {
    const [row] = await this.db.read<{
      released: boolean | null;
      last: string | null;
      userId: string | null;
      loginId: string | null;
      expiresAt: Date | null;
    }>(
      actor,
      `select bool_or(change in ('released', 'ended')) as released,
         (array_agg(change order by at desc, change desc))[1] as last,
         (array_agg(user_id order by at desc) filter (where change = 'acquired' and user_id is not null))[1] as "userId",
         (array_agg(login_id order by at desc) filter (where change = 'acquired' and user_id is not null))[1] as "loginId",
         (select h.expires_at from licensing.held_seats h
           where h.tenant_id = $1 and h.license_id = $2 and h.seat_id = $3) as "expiresAt"
       from licensing.seat_ledger where tenant_id = $1 and license_id = $2 and seat_id = $3`,
      [actor.tenantId, licenseId, seatId],
    );
    const { released, last, ...whose } = row!;
    return { history: released ? 'released' : last === 'lapsed' ? 'lapsed' : 'open', ...whose };
  }
}
