import { randomBytes } from 'node:crypto';
import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import { Aggregate, newId } from '#platform';
import { formatLicenseKey, type LicenseType, maskLicenseKey } from '#sdk/formats';
import { LicenseChanged, LicenseIssued } from '../events/index.js';
import type { Plan } from './plan.js';

export type LicenseStatus = 'active' | 'suspended' | 'revoked';

/** The right of a tenant to run the product on so many seats. A pool of seats is a licence. */
@Entity({ schema: 'licensing', name: 'licenses' })
export class License extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ type: 'text' })
  tier!: LicenseType;

  @Column({ type: 'text' })
  status!: LicenseStatus;

  /** null: unlimited. */
  @Column({ name: 'max_seats', type: 'int', nullable: true })
  maxSeats!: number | null;

  @Column({ type: 'jsonb' })
  entitlements!: readonly string[];

  /** Whether the key alone, without a bearer, takes a seat. */
  @Column({ name: 'key_activation', type: 'boolean', default: true })
  keyActivation!: boolean;

  @Column({ name: 'key_masked', type: 'text' })
  keyMasked!: string;

  @Column({ name: 'key_sealed', type: 'bytea' })
  keySealed!: Buffer;

  /** A suspended tenant's licences are suspended with it; their own status stays. */
  @Column({ name: 'tenant_suspended', type: 'boolean', default: false })
  tenantSuspended!: boolean;

  /** The revision of the tenant that `tenantSuspended` is of. */
  @Column({ name: 'tenant_revision', type: 'int', default: 0 })
  tenantRevision!: number;

  /** Grows with every change. */
  @VersionColumn({ type: 'int' })
  revision!: number;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** A new licence and its key, which is nowhere in the clear but in the answer. */
  static issue(
    init: { tenantId: string; brand: string; plan: Plan; issuedTo: string },
    seal: (key: string, licenseId: string) => Buffer,
    now: Date,
  ): { license: License; key: string } {
    const id = newId('lic');
    const { tier, seats, entitlements } = init.plan;
    const key = formatLicenseKey({
      brand: init.brand,
      type: tier,
      hash12: randomBytes(6).toString('hex').toUpperCase(),
    });
    const license = Object.assign(new License(), {
      tenantId: init.tenantId,
      id,
      tier,
      status: 'active',
      maxSeats: seats,
      entitlements,
      keyActivation: true,
      keyMasked: maskLicenseKey(key),
      keySealed: seal(key, id),
      tenantSuspended: false,
      tenantRevision: 0,
      expiresAt: null,
      createdAt: now,
    } satisfies Partial<License>);
    license.record(
      LicenseIssued,
      { licenseId: id, tier, maxSeats: seats, issuedToUserId: init.issuedTo },
      now,
    );
    return { license, key };
  }

  /** Follows the tenant into suspension and out of it; what is told late, of an earlier revision, changes nothing. */
  followTenant(tenant: { suspended: boolean; revision: number }, now: Date): void {
    if (tenant.revision <= this.tenantRevision) return;
    this.tenantRevision = tenant.revision;
    if (this.tenantSuspended === tenant.suspended) return;
    this.tenantSuspended = tenant.suspended;
    this.record(LicenseChanged, { licenseId: this.id }, now);
  }
}
