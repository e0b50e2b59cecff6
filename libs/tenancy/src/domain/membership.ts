import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate, newId } from '#platform';
import { MembershipCreated } from '../events/index.js';
import type { Role } from './role.js';

/** A person in a tenant, and as what. */
@Entity({ schema: 'tenancy', name: 'memberships' })
export class Membership extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ name: 'user_id', type: 'text' })
  readonly userId!: string;

  @Column({ type: 'text' })
  role!: Role;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  static create(init: { tenantId: string; userId: string; role: Role }, now: Date): Membership {
    const membership = Object.assign(new Membership(), { ...init, id: newId('mem'), createdAt: now });
    membership.record(
      MembershipCreated,
      { membershipId: membership.id, userId: init.userId, role: init.role },
      now,
    );
    return membership;
  }
}
