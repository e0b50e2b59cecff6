import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate, DomainError } from '#platform';
import { ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated } from '../events/index.js';
import type { Maker } from './service-account.js';

export type ApiKeyStatus = 'active' | 'expired' | 'revoked';

/** A secret that a service account carries. Only its keyed hash is here. */
@Entity({ schema: 'identity', name: 'service_account_tokens' })
export class ApiKey extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ name: 'service_account_id', type: 'text' })
  readonly serviceAccountId!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', array: true })
  scopes!: string[];

  @Column({ type: 'bytea' })
  readonly hash!: Buffer;

  /** The version of the pepper that it is hashed under. */
  @Column({ type: 'int' })
  readonly pepper!: number;

  /** Its last four characters, to recognise it by: they are of the checksum. */
  @Column({ type: 'text' })
  readonly hint!: string;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  /** The key that took its place. */
  @Column({ name: 'replaced_by', type: 'text', nullable: true })
  replacedBy!: string | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  @Column({ name: 'created_by_type', type: 'text' })
  readonly createdByType!: string;

  @Column({ name: 'created_by_id', type: 'text', nullable: true })
  readonly createdById!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  readonly createdAt!: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true, insert: false, update: false })
  readonly lastUsedAt?: Date | null;

  @Column({
    name: 'changed_xid',
    type: 'bigint',
    nullable: true,
    select: false,
    insert: false,
    update: false,
  })
  readonly changedXid?: string | null;

  @Column({
    name: 'changed_at',
    type: 'timestamptz',
    nullable: true,
    select: false,
    insert: false,
    update: false,
  })
  readonly changedAt?: Date | null;

  static create(
    init: Pick<
      ApiKey,
      'tenantId' | 'id' | 'serviceAccountId' | 'name' | 'scopes' | 'hash' | 'pepper' | 'hint' | 'expiresAt'
    > & { by: Maker },
    now: Date,
  ): ApiKey {
    const { by, ...rest } = init;
    const key = Object.assign(new ApiKey(), {
      ...rest,
      replacedBy: null,
      revokedAt: null,
      createdByType: by.type,
      createdById: by.id,
      createdAt: now,
      lastUsedAt: null,
    });
    const { id: keyId, serviceAccountId, scopes, expiresAt } = key;
    key.record(
      ApiKeyCreated,
      { keyId, serviceAccountId, scopes, expiresAt: expiresAt?.toISOString() ?? null },
      now,
    );
    return key;
  }

  statusAt(now: Date): ApiKeyStatus {
    if (this.revokedAt) return 'revoked';
    return this.expiresAt && this.expiresAt <= now ? 'expired' : 'active';
  }

  /** Another key takes its place, and it works on for `overlapSeconds`, or until its own end. Throws 409 `API_KEY_ENDED`. */
  replace(by: string, overlapSeconds: number, now: Date): void {
    if (this.statusAt(now) !== 'active')
      throw new DomainError('conflict', 'API_KEY_ENDED', 'The key has ended; create another.');
    const ends = now.getTime() + overlapSeconds * 1_000;
    this.expiresAt = new Date(Math.min(ends, this.expiresAt?.getTime() ?? Infinity));
    this.replacedBy = by;
    const endsAt = this.expiresAt.toISOString();
    this.record(
      ApiKeyRotated,
      { keyId: this.id, serviceAccountId: this.serviceAccountId, replacedBy: by, endsAt },
      now,
    );
  }

  /** For good; false when it was revoked. */
  revoke(now: Date): boolean {
    if (this.revokedAt) return false;
    this.revokedAt = now;
    this.record(ApiKeyRevoked, { keyId: this.id, serviceAccountId: this.serviceAccountId }, now);
    return true;
  }
}
