import { Injectable } from '@nestjs/common';
import { Db, SystemDatabase } from '#platform';
import type { LedgerEntry } from './seat-ledger.js';

/** A seat as it is put back after Redis forgot it. */
export interface HeldSeatRow {
  tenantId: string;
  licenseId: string;
  seatId: string;
  device: string;
  userId: string | null;
  loginId: string | null;
  address: string | null;
  since: Date;
  /** Of a seat that outlives an hour; null: nobody was told more than one TTL. */
  expiresAt: Date | null;
}

/** A seat whose holder is about to be told that it is held until `expiresAt` (null: as long as any). */
export interface KeptSeat extends Omit<HeldSeatRow, 'tenantId' | 'since'> {
  shard: number;
  /** By Redis's clock. */
  toldAt: Date;
}

const ENDS = ['released', 'ended', 'lapsed'];

/** The seats that the ledger knows as held: those that were acquired and have not ended. */
@Injectable()
export class HeldSeats {
  constructor(
    private readonly db: Db,
    private readonly system: SystemDatabase,
  ) {}

  /** Follows entries of the transaction's tenant and shard, which are in the ledger already. */
  async follow(shard: number, entries: readonly LedgerEntry[]): Promise<void> {
    const { tenantId } = this.db.actor;
    const begun = entries.filter((one) => one.change === 'acquired');
    const ended = entries.filter((one) => ENDS.includes(one.change));
    if (begun.length > 0) {
      await this.db.query(
        `insert into licensing.held_seats as h (tenant_id, license_id, seat_id, shard, device, user_id, login_id,
           address, since, told_at)
         select distinct on (e."licenseId", e."seatId") $1, e."licenseId", e."seatId", $2::smallint, e.device,
           e."userId", e."loginId", e.address, e.at, e.at
         from jsonb_to_recordset($3::jsonb) as e("licenseId" text, "seatId" text, device text, "userId" text,
           "loginId" text, address text, at timestamptz)
         where not exists (select from licensing.seat_ledger l where l.tenant_id = $1
           and l.license_id = e."licenseId" and l.seat_id = e."seatId"
           and (l.change in ('released', 'ended') or (l.change = 'lapsed' and l.at >= e.at)))
         order by e."licenseId", e."seatId", e.at desc
         on conflict (tenant_id, license_id, seat_id) do update set told_at = greatest(h.told_at, excluded.told_at)`,
        [tenantId, shard, JSON.stringify(begun)],
      );
    }
    if (ended.length > 0) {
      await this.db.query(
        `delete from licensing.held_seats h using jsonb_to_recordset($2::jsonb) as e("licenseId" text, "seatId" text,
           change text, at timestamptz)
         where h.tenant_id = $1 and h.license_id = e."licenseId" and h.seat_id = e."seatId"
           and (e.change <> 'lapsed' or h.told_at <= e.at)`,
        [tenantId, JSON.stringify(ended)],
      );
    }
  }

  /** Writes a seat of the transaction's tenant down before its holder is told; what was told before is never shortened. */
  async keep(seat: KeptSeat): Promise<void> {
    await this.db.query(
      `insert into licensing.held_seats as h (tenant_id, license_id, seat_id, shard, device, user_id, login_id,
         address, since, told_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)
       on conflict (tenant_id, license_id, seat_id) do update set
         told_at = greatest(h.told_at, excluded.told_at), expires_at = greatest(h.expires_at, excluded.expires_at),
         user_id = coalesce(excluded.user_id, h.user_id), login_id = coalesce(excluded.login_id, h.login_id)`,
      [
        this.db.actor.tenantId,
        seat.licenseId,
        seat.seatId,
        seat.shard,
        seat.device,
        seat.userId,
        seat.loginId,
        seat.address,
        seat.toldAt,
        seat.expiresAt,
      ],
    );
  }

  /** A page of a shard's seats, whoever's they are, by tenant, licence and seat. What ended meanwhile is left out. */
  async page(shard: number, after: HeldSeatRow | null, limit: number): Promise<HeldSeatRow[]> {
    return this.system.query<HeldSeatRow>(
      `select h.tenant_id as "tenantId", h.license_id as "licenseId", h.seat_id as "seatId", h.device,
         h.user_id as "userId", h.login_id as "loginId", h.address, h.since, h.expires_at as "expiresAt"
       from licensing.held_seats h
       where h.shard = $1 and (h.tenant_id, h.license_id, h.seat_id) > ($2, $3, $4)
         and not exists (select from licensing.seat_ledger l where l.tenant_id = h.tenant_id
           and l.license_id = h.license_id and l.seat_id = h.seat_id
           and (l.change in ('released', 'ended') or (l.change = 'lapsed' and l.at >= h.told_at)))
       order by h.tenant_id, h.license_id, h.seat_id limit $5`,
      [shard, after?.tenantId ?? '', after?.licenseId ?? '', after?.seatId ?? '', limit],
    );
  }

  /** Whose seats are in a shard. */
  async tenants(shard: number): Promise<string[]> {
    const rows = await this.system.query<{ tenant_id: string }>(
      'select distinct tenant_id from licensing.held_seats where shard = $1 order by 1',
      [shard],
    );
    return rows.map((row) => row.tenant_id);
  }
}
