import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Aggregate } from '#platform';
import { RoleCreated, RoleDeleted, RoleScopesChanged } from '../events/index.js';

/** A role that an organisation made for itself. */
@Entity({ schema: 'tenancy', name: 'roles' })
export class CustomRole extends Aggregate {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  readonly tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  readonly name!: string;

  /** What it stands for, whatever the plan. */
  @Column({ type: 'text', array: true })
  scopes!: string[];

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  static create(init: { tenantId: string; name: string; scopes: string[] }, now: Date): CustomRole {
    const role = Object.assign(new CustomRole(), { ...init, createdAt: now });
    role.record(RoleCreated, { role: role.name, scopes: role.scopes }, now);
    return role;
  }

  /** False, and nothing told, when it stands for just that already. */
  stand(scopes: string[], now: Date): boolean {
    if (scopes.join() === this.scopes.join()) return false;
    this.scopes = scopes;
    this.record(RoleScopesChanged, { role: this.name, scopes }, now);
    return true;
  }

  delete(now: Date): void {
    this.record(RoleDeleted, { role: this.name }, now);
  }
}
