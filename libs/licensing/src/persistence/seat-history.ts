import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';

/** Whose seats: all that a login session acquired; those of a person or of a device on one licence. */
export type Of =
  | { userId: string; loginId: string }
  | { userId: string; licenseId: string }
  | { device: string; licenseId: string };

export interface KnownSeat {
  licenseId: string;
  seatId: string;
}

const COLUMNS = {
  userId: 'user_id',
  loginId: 'login_id',
  licenseId: 'license_id',
  device: 'device',
} as const;

/**
 * Seats that the ledger knows as acquired and not as over: one that lapsed may come back by a heartbeat. A seat that
 * somebody else has taken over since, on the same device, is theirs.
 */
@Injectable()
export class SeatHistory {
  constructor(private readonly db: Db) {}

  /** A page by licence and seat. */
  async open(actor: Actor, of: Of, after: KnownSeat | null, limit: number): Promise<KnownSeat[]> {
    const values = Object.values(of) as string[];
    const where = Object.keys(of).map((name, i) => `a.${COLUMNS[name as keyof typeof COLUMNS]} = $${i + 6}`);
    return this.db.read<KnownSeat>(
      actor,
      `select distinct a.license_id as "licenseId", a.seat_id as "seatId" from licensing.seat_ledger a
       where a.tenant_id = $1 and a.change = 'acquired' and ${where.join(' and ')}
         and (a.license_id, a.seat_id) > ($2, $3)
         and not exists (select from licensing.seat_ledger e where e.tenant_id = a.tenant_id
           and e.license_id = a.license_id and e.seat_id = a.seat_id
           and (e.change in ('released', 'ended') or (e.change = 'acquired' and e.at > a.at
             and (e.user_id <> a.user_id or e.login_id <> a.login_id) and not $5)))
       order by 1, 2 limit $4`,
      [actor.tenantId, after?.licenseId ?? '', after?.seatId ?? '', limit, 'device' in of, ...values],
    );
  }
}
