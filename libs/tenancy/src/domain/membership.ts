import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate, newId } from '#platform';
import {
  type MEMBERSHIP_ENDS,
  MembershipCreated,
  MembershipEnded,
  MembershipRoleChanged,
} from '../events/index.js';

/** A person in a tenant, and as what. */
@Entity({ schema: 'tenancy', name: 'memberships' })
export class Membership extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ name: 'user_id', type: 'text' })
  readonly userId!: string;

  /** A built-in role, or one of the organisation's own. */
  @Column({ type: 'text' })
  role!: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  static create(
    init: { tenantId: string; userId: string; role: string; by?: 'invitation' | 'domain' },
    now: Date,
  ): Membership {
    const { by, ...rest } = init;
    const membership = Object.assign(new Membership(), { ...rest, id: newId('mem'), createdAt: now });
    membership.record(MembershipCreated, { ...membership.facts(), by }, now);
    return membership;
  }

  /** False, and nothing told, when they have it already. */
  changeRole(role: string, now: Date): boolean {
    const before = this.role;
    if (role === before) return false;
    this.role = role;
    this.record(MembershipRoleChanged, { ...this.facts(), before }, now);
    return true;
  }

  end(reason: (typeof MEMBERSHIP_ENDS)[number], now: Date): void {
    this.record(MembershipEnded, { ...this.facts(), reason }, now);
  }

  private facts() {
    return { membershipId: this.id, userId: this.userId, role: this.role };
  }
}
