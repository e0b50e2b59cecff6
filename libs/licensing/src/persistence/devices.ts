import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';

/** A device that has a place on a node-locked licence. */
export interface BoundDevice {
  device: string;
  userId: string | null;
  boundAt: Date;
}

/** The devices of node-locked licences. Whoever changes them holds the licence's lock, and touches it. */
@Injectable()
export class Devices {
  constructor(private readonly db: Db) {}

  async bind(licenseId: string, { device, userId, boundAt }: BoundDevice): Promise<void> {
    await this.db.query(
      `insert into licensing.devices (tenant_id, license_id, device, user_id, bound_at)
       values ($1, $2, $3, $4, $5)`,
      [this.db.actor.tenantId, licenseId, device, userId, boundAt],
    );
  }

  /** Whether it was bound. */
  async unbind(licenseId: string, device: string): Promise<boolean> {
    const rows = await this.db.query(
      `delete from licensing.devices where tenant_id = $1 and license_id = $2 and device = $3
       returning device`,
      [this.db.actor.tenantId, licenseId, device],
    );
    return rows.length > 0;
  }

  /** A page by device. */
  async page(actor: Actor, licenseId: string, after: string | null, limit: number): Promise<BoundDevice[]> {
    return this.db.read<BoundDevice>(
      actor,
      `select device, user_id as "userId", bound_at as "boundAt" from licensing.devices
       where tenant_id = $1 and license_id = $2 and device > $3 order by device limit $4`,
      [actor.tenantId, licenseId, after ?? '', limit],
    );
  }
}
