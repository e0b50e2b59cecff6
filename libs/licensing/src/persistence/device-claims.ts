import { Injectable } from '@nestjs/common';
import { Db } from '#platform';

/** A licence that does not share a device with others: of its product, or of its tenant. */
export interface Claimant {
  licenseId: string;
  productId: string | null;
  uniqueness: 'product' | 'tenant';
}

/** Any number, as long as no other lock uses it; the tenant and the device are the second half. */
const LOCK_CLASS = 7_264_818;

/** Which licence has the sole use of a device. Every method needs {@link lock} first. */
@Injectable()
export class DeviceClaims {
  constructor(private readonly db: Db) {}

  /** Until the transaction ends nobody else decides about the device. */
  async lock(device: string): Promise<void> {
    await this.db.query('select pg_advisory_xact_lock($1, hashtext($2))', [
      LOCK_CLASS,
      `${this.db.actor.tenantId} ${device}`,
    ]);
  }

  /** Licences whose claim stands in the way of `by`; `bound` to the device, they keep it without a seat, too. */
  async rivals(device: string, by: Claimant): Promise<{ licenseId: string; bound: boolean }[]> {
    return this.db.query<{ licenseId: string; bound: boolean }>(
      `select c.license_id as "licenseId", exists (select from licensing.devices d
         join licensing.licenses l on l.tenant_id = d.tenant_id and l.id = d.license_id
         where d.tenant_id = c.tenant_id and d.license_id = c.license_id and d.device = c.device
           and l.status in ('active', 'suspended')) as bound
       from licensing.device_claims c
       where c.tenant_id = $1 and c.device = $2 and c.license_id <> $3
         and ('tenant' in (c.uniqueness, $4) or c.product_id is not distinct from $5)
       order by c.license_id`,
      [this.db.actor.tenantId, device, by.licenseId, by.uniqueness, by.productId],
    );
  }

  /** `by` has the device from now on, and `rivals` no more. */
  async replace(
    device: string,
    rivals: readonly { licenseId: string }[],
    { licenseId, uniqueness, productId }: Claimant,
    now: Date,
  ): Promise<void> {
    const { tenantId } = this.db.actor;
    if (rivals.length > 0) {
      await this.db.query(
        'delete from licensing.device_claims where tenant_id = $1 and device = $2 and license_id = any ($3)',
        [tenantId, device, rivals.map((one) => one.licenseId)],
      );
    }
    await this.db.query(
      `insert into licensing.device_claims (tenant_id, device, license_id, uniqueness, product_id, claimed_at)
       values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, device, license_id)
       do update set uniqueness = excluded.uniqueness, product_id = excluded.product_id`,
      [tenantId, device, licenseId, uniqueness, productId, now],
    );
  }
}
