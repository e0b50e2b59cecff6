import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate } from '#platform';
import { UserRegistered } from '../events/index.js';

/** How somebody came, and whether an issuer vouched for the address then. `import`: an operator brought them. */
export type RegisteredWith = 'upstream' | 'upstream_unverified' | 'password' | 'import';

/** A person. Belongs to no tenant: memberships say where they are in. */
@Entity({ schema: 'identity', name: 'users' })
export class User extends Aggregate {
  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ type: 'text' })
  email!: string;

  @Column({ name: 'email_verified', type: 'boolean' })
  emailVerified!: boolean;

  @Column({ name: 'display_name', type: 'text', nullable: true })
  displayName!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Since when an operator keeps them out; null for everybody else. Written by the system role alone. */
  @Column({ name: 'suspended_at', type: 'timestamptz', nullable: true, insert: false, update: false })
  readonly suspendedAt?: Date | null;

  @Column({ name: 'registered_with', type: 'text' })
  registeredWith!: RegisteredWith;

  static register(
    init: {
      id: string;
      email: string;
      emailVerified: boolean;
      displayName: string | null;
      provider: string;
      isImported?: boolean;
    },
    now: Date,
  ): User {
    const { id, email, emailVerified, displayName } = init;
    const upstream = emailVerified ? 'upstream' : 'upstream_unverified';
    const ours = init.isImported ? 'import' : 'password';
    const registeredWith: RegisteredWith = init.provider === 'password' ? ours : upstream;
    const user = Object.assign(new User(), {
      id,
      email,
      emailVerified,
      displayName,
      registeredWith,
      createdAt: now,
    });
    user.record(UserRegistered, { userId: id, provider: init.provider }, now);
    return user;
  }
}
