import { Injectable } from '@nestjs/common';
import { type Actor, Db, notFound } from '#platform';

export interface LeaseSlot {
  licenseId: string;
  /** The keyed hash of what leases call the device. */
  device: string;
  /** The same machine as seats name it. */
  seatDevice: string | null;
  /** What leases call it, sealed. */
  leaseDevice: Buffer;
}

/** Until when a slot is held; null: as many as may hold one, and the first of those ends at `refusedUntil`. */
export type SlotAnswer = { until: Date; refusedUntil?: undefined } | { until: null; refusedUntil: Date };

/** The devices that hold leases which outlive their seats. */
@Injectable()
export class LeasedDevices {
  constructor(private readonly db: Db) {}

  /**
   * Holds a slot of the licence until `until`, or later if it is held for longer already, when no more than `limit`
   * devices then hold one; null: any number. Of those that hold one the earlier goes first, so that a limit that was
   * lowered is met as leases end: the others keep what they have, and no longer. Exact: one at a time a licence.
   * Inside a transaction. Throws 404.
   */
  async take(slot: LeaseSlot, limit: number | null, now: Date, until: Date): Promise<SlotAnswer> {
    const { tenantId } = this.db.actor;
    const place = [tenantId, slot.licenseId];
    const locked = await this.db.query(
      'select 1 from licensing.licenses where tenant_id = $1 and id = $2 for no key update',
      place,
    );
    if (locked.length === 0) throw notFound('license');

    await this.db.query(
      'delete from licensing.leased_devices where tenant_id = $1 and license_id = $2 and until <= $3',
      [...place, now],
    );
    const [before] = await this.db.query<{ count: number; first: Date; own: Date | null }>(
      `with own as (
         select since, device, until from licensing.leased_devices
         where tenant_id = $1 and license_id = $2 and device = $3)
       select count(*)::int as count, min(o.until) as first, (select until from own) as own
       from licensing.leased_devices o
       where o.tenant_id = $1 and o.license_id = $2 and o.device <> $3
         and not exists (select 1 from own where (own.since, own.device) < (o.since, o.device))`,
      [...place, slot.device],
    );
    if (limit !== null && before!.count >= limit) {
      if (before!.own) return { until: before!.own };
      return { until: null, refusedUntil: before!.first ?? until };
    }

    const [held] = await this.db.query<{ until: Date }>(
      `insert into licensing.leased_devices as d
         (tenant_id, license_id, device, seat_device, lease_device, since, until)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (tenant_id, license_id, device) do update set until = greatest(d.until, excluded.until),
         seat_device = coalesce(excluded.seat_device, d.seat_device), lease_device = excluded.lease_device
       returning until`,
      [...place, slot.device, slot.seatDevice, slot.leaseDevice, now, until],
    );
    return { until: held!.until };
  }

  /** What leases call the machine that seats call `seatDevice`, sealed; null when it holds no lease. */
  async leaseDeviceOf(actor: Actor, licenseId: string, seatDevice: string): Promise<Buffer | null> {
    const [row] = await this.db.read<{ lease_device: Buffer }>(
      actor,
      `select lease_device from licensing.leased_devices
       where tenant_id = $1 and license_id = $2 and seat_device = $3 limit 1`,
      [actor.tenantId, licenseId, seatDevice],
    );
    return row?.lease_device ?? null;
  }
}
