import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { z } from 'zod';
import { Aggregate, DomainError, newId } from '#platform';
import { type LicenseType, maskLicenseKey } from '#sdk/formats';
import * as events from '../events/index.js';
import { beginsByItself, endOf, type Renewal, renewedUntil } from './license-term.js';
import { withoutOverride, withOverride } from './overrides.js';
import { planBy, type Purchase } from './purchase.js';
import type { Override, Terms } from './terms.js';

/** `transferred`: another tenant has its key now, and a licence of its own made from this one. */
export type LicenseStatus = 'active' | 'suspended' | 'revoked' | 'transferred';

export interface NewLicense {
  tenantId: string;
  key: string;
  tier: LicenseType;
  productId: string | null;
  policyId?: string | null;
  /** What plan, policy and overrides come to. */
  terms: Terms;
  overrides?: readonly Override[];
  name?: string | null;
  metadata?: Record<string, string>;
  /** Left out: what the terms say; null: never. */
  expiresAt?: Date | null;
  /** Whether it is what the tenant buys: one of a tenant's, the first. Left out: it has terms of its own. */
  followsPurchase?: boolean;
  /** Of its tenant, whose suspension it shares. */
  tenantStatus?: { suspended: boolean; revision: number };
  /** null: nobody of the tenant asked for it, an operator did. */
  issuedTo: string | null;
  /** Whether `issuedTo` has proved their address; left out: yes, or nobody is asked. */
  isHolderProved?: boolean;
}

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

  /** When the status became what it is; null: it is the first. */
  @Column({ name: 'status_at', type: 'timestamptz', nullable: true })
  statusAt!: Date | null;

  @Column({ name: 'status_reason', type: 'text', nullable: true })
  statusReason!: string | null;

  @Column({ name: 'product_id', type: 'text', nullable: true })
  productId!: string | null;

  @Column({ name: 'policy_id', type: 'text', nullable: true })
  policyId!: string | null;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column({ type: 'jsonb', default: '{}' })
  metadata!: Record<string, string>;

  /** What differs from its plan and policy, in the order it was said. */
  @Column({ type: 'jsonb', default: '[]' })
  overrides!: Override[];

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

  /** What the tenant's subscription says of it; null: nobody ever bought anything for it. */
  @Column({ type: 'jsonb', nullable: true })
  purchase!: Purchase | null;

  /** Whether the tenant's subscription changes it; further ones are issued by operators, on terms of their own. */
  @Column({ name: 'follows_purchase', type: 'boolean', default: false })
  followsPurchase!: boolean;

  /** The person it was issued to, until they have proved their address; null: the key alone is good for what terms say. */
  @Column({ name: 'unproved_holder', type: 'text', nullable: true })
  unprovedHolder!: string | null;

  /** Grows with every change. */
  @VersionColumn({ type: 'int' })
  revision!: number;

  /** When its term began; null: not yet. */
  @Column({ name: 'started_at', type: 'timestamptz', nullable: true })
  startedAt!: Date | null;

  @Column({ name: 'checked_in_at', type: 'timestamptz', nullable: true })
  checkedInAt!: Date | null;

  @Column({ name: 'transferred_from', type: 'text', nullable: true })
  transferredFrom!: string | null;

  @Column({ name: 'transferred_to', type: 'text', nullable: true })
  transferredTo!: string | null;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** A new licence, which keeps its key only as `seal` makes it. */
  static issue(init: NewLicense, seal: (key: string, licenseId: string) => Buffer, now: Date): License {
    const id = newId('lic');
    const { tenantId, key, tier, terms } = init;
    const isStarted = beginsByItself(terms);
    const license = Object.assign(new License(), {
      ...{ tenantId, id, tier },
      ...{ statusAt: null, statusReason: null, checkedInAt: null },
      ...{ transferredFrom: null, transferredTo: null },
      status: 'active',
      productId: init.productId,
      policyId: init.policyId ?? null,
      name: init.name ?? null,
      metadata: init.metadata ?? {},
      overrides: [...(init.overrides ?? [])],
      keyMasked: maskLicenseKey(key),
      keySealed: seal(key, id),
      tenantSuspended: init.tenantStatus?.suspended ?? false,
      tenantRevision: init.tenantStatus?.revision ?? 0,
      purchase: null,
      followsPurchase: init.followsPurchase ?? false,
      unprovedHolder: init.isHolderProved === false ? init.issuedTo : null,
      startedAt: isStarted ? now : null,
      expiresAt: isStarted ? endOf(now, terms.durationDays) : null,
      createdAt: now,
    } satisfies Partial<License>);
    if (init.expiresAt !== undefined) license.expiresAt = init.expiresAt;
    const told = { licenseId: id, tier, maxSeats: terms.seats, issuedToUserId: init.issuedTo };
    license.record(events.LicenseIssued, told, now);
    return license;
  }

  /** Follows the tenant into suspension and out of it; what is told late, of an earlier revision, changes nothing. */
  followTenant(tenant: { suspended: boolean; revision: number }, now: Date): void {
    if (tenant.revision <= this.tenantRevision) return;
    this.tenantRevision = tenant.revision;
    if (this.tenantSuspended === tenant.suspended) return;
    this.tenantSuspended = tenant.suspended;
    this.touch(now);
  }

  /** Follows the tenant's subscription; what is told late, of an earlier revision, changes nothing. */
  followPurchase(purchase: Purchase, now: Date): void {
    this.followsPurchase = true;
    if (purchase.revision <= (this.purchase?.revision ?? 0)) return;
    this.purchase = purchase;
    // It is kept for the one that may follow in its place.
    if (this.hasEnded) return;
    const from = this.tier;
    this.tier = planBy(purchase);
    if (from !== this.tier) this.tell(events.LicensePlanChanged, { from, to: this.tier }, now);
    else this.touch(now);
  }

  /**
   * Is what the tenant buys from now on, in place of `before`, which has ended. Throws 409 `LICENSE_ENDED`,
   * `LICENSE_UNCHANGED` or `PURCHASE_FOLLOWED`.
   */
  followInsteadOf(before: License | null, now: Date): void {
    this.mustLive();
    if (before === this)
      throw new DomainError('conflict', 'LICENSE_UNCHANGED', 'The licence is what its tenant buys already.');
    if (before && !before.hasEnded)
      throw new DomainError('conflict', 'PURCHASE_FOLLOWED', 'Another licence is what the tenant buys.', {
        details: { licenseId: before.id },
      });
    if (before) before.followsPurchase = false;
    this.followsPurchase = true;
    this.tell(events.LicensePurchaseFollowed, { insteadOf: before?.id ?? null }, now);
    if (before?.purchase) this.followPurchase(before.purchase, now);
  }

  /** Somebody has proved their address; whether it was theirs that this licence waited for. */
  proveHolder(userId: string, now: Date): boolean {
    if (this.unprovedHolder !== userId) return false;
    this.unprovedHolder = null;
    this.touch(now);
    return true;
  }

  /** Begins its term, once, and gives whether it did: by a basis of first use or validation it waits for that. */
  begin(terms: Terms, now: Date): boolean {
    if (this.startedAt || this.hasEnded) return false;
    this.startedAt = now;
    this.expiresAt ??= endOf(now, terms.durationDays);
    this.tell(events.LicenseStarted, { expiresAt: this.expiresAt?.toISOString() ?? null }, now);
    return true;
  }

  /** Throws 409 `LICENSE_ENDED`, `LICENSE_NOT_STARTED` or `LICENSE_WITHOUT_TERM`, 422 `EXPIRY_PASSED`. */
  renew(renewal: Renewal, terms: Terms, now: Date): void {
    this.mustLive();
    if (!this.startedAt) {
      throw new DomainError(
        'conflict',
        'LICENSE_NOT_STARTED',
        'The term of the licence has not begun: there is nothing to renew.',
      );
    }
    this.expiresAt = renewedUntil(this.expiresAt, terms, renewal, now);
    this.tell(events.LicenseRenewed, { expiresAt: this.expiresAt.toISOString() }, now);
  }

  /** Throws 409 `LICENSE_ENDED` or `LICENSE_ALREADY_SUSPENDED`. */
  suspend(reason: string, now: Date): void {
    this.mustLive();
    if (this.status === 'suspended') {
      throw new DomainError('conflict', 'LICENSE_ALREADY_SUSPENDED', 'The licence is suspended already.');
    }
    this.become('suspended', reason, now);
    this.tell(events.LicenseSuspended, { reason }, now);
  }

  /** Throws 409 `LICENSE_ENDED` or `LICENSE_NOT_SUSPENDED`. */
  reinstate(reason: string, now: Date): void {
    this.mustLive();
    if (this.status !== 'suspended') {
      throw new DomainError('conflict', 'LICENSE_NOT_SUSPENDED', 'The licence is not suspended.');
    }
    this.become('active', reason, now);
    this.tell(events.LicenseReinstated, { reason }, now);
  }

  /** For good. Throws 409 `LICENSE_ENDED`. */
  revoke(reason: string, now: Date): void {
    this.mustLive();
    this.become('revoked', reason, now);
    this.tell(events.LicenseRevoked, { reason }, now);
  }

  /** Its key, its term and its suspension go to `to`, which was made of it. Throws 409 `LICENSE_ENDED`. */
  transfer(to: License, reason: string, now: Date): void {
    this.mustLive();
    const { startedAt, expiresAt, checkedInAt, status, statusAt, statusReason } = this;
    Object.assign(to, { startedAt, expiresAt, checkedInAt, status, statusAt, statusReason });
    to.transferredFrom = this.id;
    to.record(events.LicenseTransferred, { licenseId: to.id, direction: 'in', otherLicenseId: this.id }, now);

    this.become('transferred', reason, now);
    this.transferredTo = to.id;
    this.tell(events.LicenseTransferred, { direction: 'out', otherLicenseId: to.id }, now);
  }

  /** `terms` are those of the new plan. The type in the key stays: it is a hint. Throws 409 `LICENSE_ENDED`, `LICENSE_UNCHANGED`. */
  changePlan(tier: LicenseType, terms: Terms, now: Date): void {
    this.mustLive();
    mustDiffer(this.tier, tier);
    const from = this.tier;
    this.tier = tier;
    this.tell(events.LicensePlanChanged, { from, to: tier }, now);
    if (beginsByItself(terms)) this.begin(terms, now);
  }

  /** `terms` are those under the new policy; null: the plan's alone. Throws 409 `LICENSE_ENDED`, `LICENSE_UNCHANGED`. */
  changePolicy(policy: { id: string; productId: string } | null, terms: Terms, now: Date): void {
    this.mustLive();
    const to = policy?.id ?? null;
    mustDiffer(this.policyId, to);
    const from = this.policyId;
    this.policyId = to;
    this.productId = policy?.productId ?? this.productId;
    this.tell(events.LicensePolicyChanged, { from, to }, now);
    if (beginsByItself(terms)) this.begin(terms, now);
  }

  /** Throws 409 `LICENSE_ENDED` or `OVERRIDES_EXHAUSTED`, 422 `OVERRIDE_EMPTY` or `EXPIRY_PASSED`. */
  override(added: Override, now: Date): void {
    this.mustLive();
    this.overrides = withOverride(this.overrides, added, now);
    this.tell(events.LicenseOverridden, { terms: added.terms, expiresAt: added.expiresAt }, now);
  }

  /** Takes away the override at `number`, counted from 1, or all. Throws 404, 409 `LICENSE_ENDED`. */
  clearOverride(number: number | undefined, now: Date): void {
    this.mustLive();
    const before = this.overrides.length;
    this.overrides = withoutOverride(this.overrides, number);
    this.tell(events.LicenseOverrideCleared, { count: before - this.overrides.length }, now);
  }

  /** Throws 409 `LICENSE_ENDED` or `CHECK_IN_NOT_NEEDED`. */
  checkIn(terms: Terms, now: Date): void {
    this.mustLive();
    if (terms.checkInDays === null) {
      throw new DomainError('conflict', 'CHECK_IN_NOT_NEEDED', 'The licence needs no check-in.');
    }
    this.checkedInAt = now;
    this.tell(events.LicenseCheckedIn, {}, now);
  }

  /** Throws 409 `LICENSE_ENDED`. */
  assign(userId: string, now: Date): void {
    this.mustLive();
    this.tell(events.LicenseAssigned, { userId }, now);
  }

  unassign(userId: string, now: Date): void {
    this.tell(events.LicenseUnassigned, { userId }, now);
  }

  /** Something beside its row that its policy holds is different: devices, people. Saved, it has a new revision. */
  touch(now: Date): void {
    this.record(events.LicenseChanged, { licenseId: this.id }, now);
  }

  /** Ended for good: revoked, or another tenant's now. */
  get hasEnded(): boolean {
    return this.status === 'revoked' || this.status === 'transferred';
  }

  private mustLive(): void {
    if (!this.hasEnded) return;
    throw new DomainError('conflict', 'LICENSE_ENDED', `The licence is ${this.status}; that is for good.`);
  }

  private become(status: LicenseStatus, reason: string, now: Date): void {
    this.status = status;
    this.statusAt = now;
    this.statusReason = reason;
  }

  /** One fact for the trail, and one for the pool. */
  private tell<S extends z.ZodObject>(
    event: { name: string; version: number; schema: S },
    facts: Omit<z.output<S>, 'licenseId'>,
    now: Date,
  ): void {
    this.record(event, { licenseId: this.id, ...facts } as unknown as z.output<S>, now);
    this.touch(now);
  }
}

function mustDiffer(from: string | null, to: string | null): void {
  if (from !== to) return;
  throw new DomainError('conflict', 'LICENSE_UNCHANGED', 'The licence has that already.');
}

/**
 * Of all that a tenant has, the oldest first, the one that is what it buys; null without any. The first, where none is said
 * to be: a process of before that was said made it.
 */
export const followerOf = (all: readonly License[]): License | null =>
  all.find((one) => one.followsPurchase) ?? all[0] ?? null;
