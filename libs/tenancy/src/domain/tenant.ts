import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import { Aggregate, DomainError } from '#platform';
import {
  SignInPolicyChanged,
  TenantReactivated,
  TenantRegistered,
  TenantSuspended,
} from '../events/index.js';

export type TenantStatus = 'active' | 'suspended';

/** An organisation: what owns licences, people and bills. */
@Entity({ schema: 'tenancy', name: 'tenants' })
export class Tenant extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  slug!: string;

  @Column({ type: 'text', default: 'FREE' })
  plan!: string;

  @Column({ name: 'max_seats', type: 'int', default: 1 })
  maxSeats!: number;

  @Column({ type: 'text', default: 'active' })
  status!: TenantStatus;

  /** Whether everybody who signs in to it has to show a second factor. */
  @Column({ name: 'second_factor_required', type: 'boolean', default: false })
  secondFactorRequired!: boolean;

  /** Grows with every change; who hears of changes in another order tells by it which was last. */
  @VersionColumn({ type: 'int', default: 1 })
  revision!: number;

  /** Written by a trigger, for those who look for changes. */
  @Column({
    name: 'status_xid',
    type: 'bigint',
    nullable: true,
    select: false,
    insert: false,
    update: false,
  })
  readonly statusXid?: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  static register(init: { id: string; name: string; slug: string; ownerUserId: string }, now: Date): Tenant {
    const tenant = Object.assign(new Tenant(), {
      id: init.id,
      name: init.name,
      slug: init.slug,
      plan: 'FREE',
      maxSeats: 1,
      status: 'active',
      secondFactorRequired: false,
      createdAt: now,
    } satisfies Partial<Tenant>);
    tenant.record(
      TenantRegistered,
      {
        tenantId: init.id,
        name: init.name,
        slug: init.slug,
        plan: tenant.plan,
        maxSeats: tenant.maxSeats,
        ownerUserId: init.ownerUserId,
      },
      now,
    );
    return tenant;
  }

  /** Throws 409 `TENANT_ALREADY_SUSPENDED`. */
  suspend(now: Date): void {
    if (this.status === 'suspended') {
      throw new DomainError('conflict', 'TENANT_ALREADY_SUSPENDED', 'The tenant is suspended already.');
    }
    this.status = 'suspended';
    this.record(TenantSuspended, { tenantId: this.id, revision: this.revision + 1 }, now);
  }

  /** Throws 409 `TENANT_NOT_SUSPENDED`. */
  reactivate(now: Date): void {
    if (this.status !== 'suspended') {
      throw new DomainError('conflict', 'TENANT_NOT_SUSPENDED', 'The tenant is not suspended.');
    }
    this.status = 'active';
    this.record(TenantReactivated, { tenantId: this.id, revision: this.revision + 1 }, now);
  }

  /** Whether a second factor is asked of everybody; false, and nothing told, when that holds already. */
  requireSecondFactor(required: boolean, now: Date): boolean {
    if (this.secondFactorRequired === required) return false;
    this.secondFactorRequired = required;
    const payload = { tenantId: this.id, revision: this.revision + 1, secondFactorRequired: required };
    this.record(SignInPolicyChanged, payload, now);
    return true;
  }
}
