import { Column, Entity } from 'typeorm';
import { newId } from '#platform';
import {
  ServiceAccountChanged,
  ServiceAccountCreated,
  ServiceAccountDeleted,
  ServiceAccountDisabled,
  ServiceAccountEnabled,
} from '../events/index.js';
import type { PublicKey } from './public-key.js';
import { madeBy, type Maker, ScopedAggregate } from './scoped-aggregate.js';

export interface ServiceAccountChange {
  name?: string;
  scopes?: string[];
  jwks?: PublicKey[];
}

/** A program that belongs to an organisation and acts in its own name. Its credentials are API keys and public keys. */
@Entity({ schema: 'identity', name: 'service_accounts' })
export class ServiceAccount extends ScopedAggregate {
  /** Public halves: what it signs client assertions with (RFC 7523). */
  @Column({ type: 'jsonb' })
  jwks!: PublicKey[];

  @Column({ type: 'text' })
  status!: 'active' | 'disabled' | 'deleted';

  /** Access tokens of an earlier one are refused: it grows when what they were given for no longer holds. */
  @Column({ type: 'int', default: 1 })
  epoch!: number;

  static create(
    init: { tenantId: string; name: string; scopes: string[]; jwks: PublicKey[]; by: Maker },
    now: Date,
  ): ServiceAccount {
    const { by, ...rest } = init;
    const account = Object.assign(new ServiceAccount(), {
      ...rest,
      ...madeBy(by, now),
      id: newId('svc'),
      status: 'active',
      epoch: 1,
    } as const);
    const { id: serviceAccountId, name, scopes } = account;
    account.record(ServiceAccountCreated, { serviceAccountId, name, scopes }, now);
    return account;
  }

  /** Its access tokens end where they could do, or stand on, what it may not any more. */
  change({ name, scopes, jwks }: ServiceAccountChange, now: Date): void {
    const takesAway =
      (scopes && this.scopes.some((scope) => !scopes.includes(scope))) ||
      (jwks && this.jwks.some((key) => !jwks.some((one) => isSame(one, key))));
    this.name = name ?? this.name;
    this.scopes = scopes ?? this.scopes;
    // Who gives it again with others has not brought it.
    this.jwks = jwks?.map((key) => this.jwks.find((one) => isSame(one, key)) ?? key) ?? this.jwks;
    if (takesAway) this.epoch += 1;
    const told = { serviceAccountId: this.id, name, scopes, kids: jwks?.map((key) => key.kid) };
    this.record(ServiceAccountChanged, told, now);
  }

  /** Its keys and access tokens are refused from now on. Repeatable. */
  disable(now: Date): void {
    if (this.status === 'disabled') return;
    this.status = 'disabled';
    this.epoch += 1;
    this.record(ServiceAccountDisabled, { serviceAccountId: this.id }, now);
  }

  /** Its keys work again; access tokens of before do not. Repeatable. */
  enable(now: Date): void {
    if (this.status === 'active') return;
    this.status = 'active';
    this.record(ServiceAccountEnabled, { serviceAccountId: this.id }, now);
  }

  /** For good. Its row stays, for the trail. */
  delete(now: Date): void {
    this.status = 'deleted';
    this.epoch += 1;
    this.record(ServiceAccountDeleted, { serviceAccountId: this.id }, now);
  }

  /** Ends the public keys that a person has brought; false where there are none. */
  endKeysOf(userId: string, now: Date): boolean {
    const jwks = this.jwks.filter((key) => key.registeredBy !== userId);
    if (jwks.length === this.jwks.length) return false;
    this.change({ jwks }, now);
    return true;
  }

  /** A credential of it was taken away, and with it the access tokens that it got. */
  endTokens(): void {
    this.epoch += 1;
  }
}

/** Postgres gives the members back in an order of its own. */
const spelled = ({ registeredBy: _, ...key }: PublicKey) => JSON.stringify(Object.entries(key).sort());
const isSame = (one: PublicKey, other: PublicKey) => spelled(one) === spelled(other);

/** Public keys that somebody brings, with who it was where it is a person. */
export const registeredBy = ({ type, id }: Maker, jwks: readonly PublicKey[]): PublicKey[] =>
  jwks.map((key) => (type === 'user' && id ? { ...key, registeredBy: id } : key));
