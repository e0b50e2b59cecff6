import { Column, PrimaryColumn } from 'typeorm';
import { Aggregate } from '#platform';

/** Who made something: a person, a service account, an operator, or nobody known for what was asked with a signature. */
export interface Maker {
  type: string;
  id: string | null;
}

/** What somebody gave scopes to, and every serving process has to hear of: a service account, and a key of one. */
export abstract class ScopedAggregate extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', array: true })
  scopes!: string[];

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
}

/** The columns of something that is being made. */
export const madeBy = (by: Maker, now: Date) => ({
  createdByType: by.type,
  createdById: by.id,
  createdAt: now,
  lastUsedAt: null,
});
