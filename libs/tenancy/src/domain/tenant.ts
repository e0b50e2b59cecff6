import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import { Aggregate, DomainError } from '#platform';
import {
  PlanChanged,
  SettingsChanged,
  SignInPolicyChanged,
  TenantDeleted,
  TenantDeletionAsked,
  TenantReactivated,
  TenantRegistered,
  TenantRenamed,
  TenantRestored,
  TenantSuspended,
} from '../events/index.js';

/** `deleted`: it is over, and its rows are about to be erased. */
export type TenantStatus = 'active' | 'suspended' | 'deleted';

const DAY_MS = 86_400_000;

/** Who becomes a member besides those who are invited: nobody, or whoever has proved an address in an allowed domain. */
export const SIGN_UP_MODES = ['invite_only', 'allowed_domains'] as const;
export type SignUpMode = (typeof SIGN_UP_MODES)[number];

/** What the licence lets in. null: no limit. */
export interface PlanLimits {
  plan: string;
  /** People whose role takes seats. */
  maxSeats: number | null;
  /** People, whatever their role. */
  maxMembers: number | null;
}

/** What a tenant chooses for itself. */
export interface TenantChoices {
  signUpMode: SignUpMode;
  /** Whose addresses are invited, and who joins by themselves where the mode says so. Empty: anybody, and nobody. */
  allowedDomains: string[];
  /** How long what is kept of the tenant's past stays, where it may be shorter than what the product keeps it; null: that. */
  retentionDays: number | null;
}

/** Until its first licence is made, in the same transaction, and tells what holds. */
export const BEGINNING = { plan: 'FREE', maxSeats: 1, maxMembers: 3 } satisfies PlanLimits;

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

  @Column({ name: 'max_seats', type: 'int', nullable: true, default: 1 })
  maxSeats!: number | null;

  @Column({ name: 'max_members', type: 'int', nullable: true, default: 3 })
  maxMembers!: number | null;

  @Column({ type: 'text', default: 'active' })
  status!: TenantStatus;

  /** Whether everybody who signs in to it has to show a second factor. */
  @Column({ name: 'second_factor_required', type: 'boolean', default: false })
  secondFactorRequired!: boolean;

  @Column({ name: 'sign_up_mode', type: 'text', default: 'invite_only' })
  signUpMode!: SignUpMode;

  @Column({ name: 'allowed_domains', type: 'text', array: true, default: () => `'{}'::text[]` })
  allowedDomains!: string[];

  @Column({ name: 'retention_days', type: 'int', nullable: true })
  retentionDays!: number | null;

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

  /** Set from when its deletion was asked for until it is taken back. */
  @Column({ name: 'deletion_asked_at', type: 'timestamptz', nullable: true })
  deletionAskedAt!: Date | null;

  @Column({ name: 'deletion_asked_by', type: 'text', nullable: true })
  deletionAskedBy!: string | null;

  /** When it is over, unless somebody takes it back before. */
  @Column({ name: 'deletes_at', type: 'timestamptz', nullable: true })
  deletesAt!: Date | null;

  /** When it was over: later than `deletesAt` where no worker was there. */
  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  /** Written by the worker, past this class. */
  @Column({
    name: 'retention_applied_at',
    type: 'timestamptz',
    nullable: true,
    select: false,
    insert: false,
    update: false,
  })
  readonly retentionAppliedAt?: Date | null;

  static register(
    init: { id: string; name: string; slug: string; ownerUserId: string; isFurther?: true },
    now: Date,
  ): Tenant {
    const tenant = Object.assign(new Tenant(), {
      id: init.id,
      name: init.name,
      slug: init.slug,
      ...BEGINNING,
      status: 'active',
      secondFactorRequired: false,
      signUpMode: 'invite_only',
      allowedDomains: [],
      retentionDays: null,
      createdAt: now,
    } satisfies Partial<Tenant>);
    tenant.record(
      TenantRegistered,
      {
        tenantId: init.id,
        name: init.name,
        slug: init.slug,
        plan: BEGINNING.plan,
        maxSeats: BEGINNING.maxSeats,
        ownerUserId: init.ownerUserId,
        isFurther: init.isFurther,
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

  /** It goes on as before until the days are over. Throws 409 `DELETION_PENDING`. */
  askDeletion(by: { userId: string; graceDays: number }, now: Date): void {
    if (this.deletesAt) {
      throw new DomainError('conflict', 'DELETION_PENDING', 'Its deletion was asked for already.');
    }
    this.deletionAskedAt = now;
    this.deletionAskedBy = by.userId;
    this.deletesAt = new Date(now.getTime() + by.graceDays * DAY_MS);
    const payload = { tenantId: this.id, deletesAt: this.deletesAt.toISOString() };
    this.record(TenantDeletionAsked, payload, now);
  }

  /** Throws 409 `DELETION_NOT_PENDING`. */
  restore(now: Date): void {
    if (!this.deletesAt) {
      throw new DomainError('conflict', 'DELETION_NOT_PENDING', 'Nobody has asked for its deletion.');
    }
    this.deletionAskedAt = this.deletionAskedBy = this.deletesAt = null;
    this.record(TenantRestored, { tenantId: this.id }, now);
  }

  /** Over; false when its time has not come, or somebody took it back. */
  end(now: Date): boolean {
    if (this.status === 'deleted' || !this.deletesAt || this.deletesAt > now) return false;
    this.status = 'deleted';
    this.endedAt = now;
    this.record(TenantDeleted, { tenantId: this.id, revision: this.revision + 1 }, now);
    return true;
  }

  /** Whether a second factor is asked of everybody; false, and nothing told, when that holds already. */
  requireSecondFactor(required: boolean, now: Date): boolean {
    if (this.secondFactorRequired === required) return false;
    this.secondFactorRequired = required;
    const payload = { tenantId: this.id, revision: this.revision + 1, secondFactorRequired: required };
    this.record(SignInPolicyChanged, payload, now);
    return true;
  }

  /** What its licence says now; nothing is told when that holds already. */
  followPlan({ plan, maxSeats, maxMembers }: PlanLimits, now: Date): boolean {
    if (this.plan === plan && this.maxSeats === maxSeats && this.maxMembers === maxMembers) return false;
    Object.assign(this, { plan, maxSeats, maxMembers });
    this.record(PlanChanged, { ...this.next(), plan, maxSeats, maxMembers }, now);
    return true;
  }

  /** False, and nothing told, when it is called so already. */
  rename({ name = this.name, slug = this.slug }: { name?: string; slug?: string }, now: Date): boolean {
    if (this.name === name && this.slug === slug) return false;
    Object.assign(this, { name, slug });
    this.record(TenantRenamed, { ...this.next(), name, slug }, now);
    return true;
  }

  /** False, and nothing told, when all of that holds already. */
  choose(wish: Partial<TenantChoices>, now: Date): boolean {
    const { signUpMode = this.signUpMode, retentionDays = this.retentionDays } = wish;
    const allowedDomains = wish.allowedDomains ?? this.allowedDomains;
    if (
      signUpMode === this.signUpMode &&
      retentionDays === this.retentionDays &&
      allowedDomains.join() === this.allowedDomains.join()
    )
      return false;
    const choices = { signUpMode, allowedDomains, retentionDays };
    Object.assign(this, choices);
    this.record(SettingsChanged, { ...this.next(), ...choices }, now);
    return true;
  }

  /** Whether people could become members by themselves then who cannot now. */
  wouldOpen({
    signUpMode = this.signUpMode,
    allowedDomains = this.allowedDomains,
  }: Partial<TenantChoices>): boolean {
    if (signUpMode !== 'allowed_domains') return false;
    if (this.signUpMode !== 'allowed_domains') return true;
    return allowedDomains.some((domain) => !this.allowedDomains.includes(domain));
  }

  /** Whether an address may be a member's. */
  allows(email: string): boolean {
    return this.allowedDomains.length === 0 || this.isOfADomain(email);
  }

  /** Whether whoever has proved an address becomes a member by saying so. */
  admits(email: string): boolean {
    return this.signUpMode === 'allowed_domains' && this.isOfADomain(email);
  }

  private isOfADomain(email: string): boolean {
    return this.allowedDomains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase());
  }

  private next() {
    return { tenantId: this.id, revision: this.revision + 1 };
  }
}
