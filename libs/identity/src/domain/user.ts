import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate } from '#platform';
import { UserRegistered } from '../events/index.js';

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

  static register(
    init: { id: string; email: string; emailVerified: boolean; displayName: string | null; provider: string },
    now: Date,
  ): User {
    const { id, email, emailVerified, displayName } = init;
    const user = Object.assign(new User(), { id, email, emailVerified, displayName, createdAt: now });
    user.record(UserRegistered, { userId: id, provider: init.provider }, now);
    return user;
  }
}
