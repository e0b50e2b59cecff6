import { Column, Entity } from 'typeorm';
import { DomainError } from '#platform';
import { ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated } from '../events/index.js';
import { madeBy, type Maker, ScopedAggregate } from './scoped-aggregate.js';

type ApiKeyStatus = 'active' | 'expired' | 'revoked';

/** Whether a key works at `now`. Pure. */
export function keyStatusAt(key: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: Date): ApiKeyStatus {
  const { revokedAt, expiresAt } = key;
  if (revokedAt) return 'revoked';
  return expiresAt && expiresAt <= now ? 'expired' : 'active';
}

/** A secret that a service account carries. Only its keyed hash is here. */
@Entity({ schema: 'identity', name: 'service_account_tokens' })
export class ApiKey extends ScopedAggregate {
  @Column({ name: 'service_account_id', type: 'text' })
  readonly serviceAccountId!: string;

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
      ...madeBy(by, now),
      replacedBy: null,
      revokedAt: null,
    });
    const { id: keyId, serviceAccountId, scopes, expiresAt } = key;
    key.record(
      ApiKeyCreated,
      { keyId, serviceAccountId, scopes, expiresAt: expiresAt?.toISOString() ?? null },
      now,
    );
    return key;
  }

  /** Another key takes its place, and it works on for `overlapSeconds`, or until its own end. Throws 409 `API_KEY_ENDED`. */
  replace(by: string, overlapSeconds: number, now: Date): void {
    if (keyStatusAt(this, now) !== 'active')
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
