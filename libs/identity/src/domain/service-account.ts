import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate, newId } from '#platform';
import {
  ServiceAccountChanged,
  ServiceAccountCreated,
  ServiceAccountDeleted,
  ServiceAccountDisabled,
  ServiceAccountEnabled,
} from '../events/index.js';
import type { PublicKey } from './public-key.js';

/** Who made something: a person, a service account, an operator, or nobody known for what was asked with a signature. */
export interface Maker {
  type: string;
  id: string | null;
}

export interface ServiceAccountChange {
  name?: string;
  scopes?: string[];
  jwks?: PublicKey[];
}

/** A program that belongs to an organisation and acts in its own name. Its credentials are API keys and public keys. */
@Entity({ schema: 'identity', name: 'service_accounts' })
export class ServiceAccount extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', array: true })
  scopes!: string[];

  /** Public halves: what it signs client assertions with (RFC 7523). */
  @Column({ type: 'jsonb' })
  jwks!: PublicKey[];

  @Column({ type: 'text' })
  status!: 'active' | 'disabled' | 'deleted';

  /** Access tokens of an earlier one are refused: it grows when what they were given for no longer holds. */
  @Column({ type: 'int', default: 1 })
  epoch!: number;

  @Column({ name: 'created_by_type', type: 'text' })
  readonly createdByType!: string;

  @Column({ name: 'created_by_id', type: 'text', nullable: true })
  readonly createdById!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  readonly createdAt!: Date;

  /** Written by the processes that serve it, once a minute at most. */
  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true, insert: false, update: false })
  readonly lastUsedAt?: Date | null;

  /** Written by a trigger, as the next one, for those who look for changes. */
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
    init: { tenantId: string; name: string; scopes: string[]; jwks: PublicKey[]; by: Maker },
    now: Date,
  ): ServiceAccount {
    const { by, ...rest } = init;
    const account = Object.assign(new ServiceAccount(), {
      ...rest,
      id: newId('svc'),
      status: 'active',
      epoch: 1,
      createdByType: by.type,
      createdById: by.id,
      createdAt: now,
      lastUsedAt: null,
    } as const);
    const { id: serviceAccountId, name, scopes } = account;
    account.record(ServiceAccountCreated, { serviceAccountId, name, scopes }, now);
    return account;
  }

  /** Its access tokens end where they could do, or stand on, what it may not any more. */
  change({ name, scopes, jwks }: ServiceAccountChange, now: Date): void {
    const takesAway =
      (scopes && this.scopes.some((scope) => !scopes.includes(scope))) ||
      (jwks && this.jwks.some((key) => !jwks.some((one) => spelled(one) === spelled(key))));
    this.name = name ?? this.name;
    this.scopes = scopes ?? this.scopes;
    this.jwks = jwks ?? this.jwks;
    if (takesAway) this.epoch += 1;
    const told = { serviceAccountId: this.id, name, scopes, kids: jwks?.map((key) => key.kid) };
    this.record(ServiceAccountChanged, told, now);
  }

  /** False when it was disabled. */
  disable(now: Date): boolean {
    if (this.status === 'disabled') return false;
    this.status = 'disabled';
    this.epoch += 1;
    this.record(ServiceAccountDisabled, { serviceAccountId: this.id }, now);
    return true;
  }

  /** False when it was active. Its keys work again; access tokens of before do not. */
  enable(now: Date): boolean {
    if (this.status === 'active') return false;
    this.status = 'active';
    this.record(ServiceAccountEnabled, { serviceAccountId: this.id }, now);
    return true;
  }

  /** For good. Its row stays, for the trail. */
  delete(now: Date): void {
    this.status = 'deleted';
    this.epoch += 1;
    this.record(ServiceAccountDeleted, { serviceAccountId: this.id }, now);
  }

  /** A credential of it was taken away, and with it the access tokens that it got. */
  endTokens(): void {
    this.epoch += 1;
  }
}

/** Postgres gives the members back in an order of its own. */
const spelled = (key: PublicKey) => JSON.stringify(Object.entries(key).sort());
