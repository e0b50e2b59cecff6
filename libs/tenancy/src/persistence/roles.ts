import { Injectable } from '@nestjs/common';
import { type Actor, Db, notFound } from '#platform';
import { CustomRole } from '../domain/custom-role.js';
import { grantsOfRole } from '../domain/permissions.js';
import { isBuiltIn } from '../domain/role.js';

export interface RoleRow {
  name: string;
  scopes: string[];
}

/** The roles that an organisation made for itself. */
@Injectable()
export class Roles {
  constructor(private readonly db: Db) {}

  /** All of the actor's tenant, by name; they are few. */
  list(actor: Actor): Promise<RoleRow[]> {
    return this.db.read<RoleRow>(
      actor,
      'select name, scopes from tenancy.roles where tenant_id = $1 order by name',
      [actor.tenantId],
    );
  }

  /** What a role of the transaction's tenant stands for, built in or its own. Throws 404. */
  async grantsOf(name: string): Promise<readonly string[]> {
    const grants = await this.grantsIfThere(name);
    if (!grants) throw notFound('role');
    return grants;
  }

  /** Like {@link grantsOf}; null for a role that is gone, which an invitation that has run out may name. */
  async grantsIfThere(name: string): Promise<readonly string[] | null> {
    if (isBuiltIn(name)) return grantsOfRole(name);
    return (await this.find(name))?.scopes ?? null;
  }

  /** Of the transaction's tenant, which is locked. */
  find(name: string): Promise<CustomRole | null> {
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.findOne(CustomRole, { where: { tenantId, name } });
  }

  async count(): Promise<number> {
    const tenantId = this.db.actor.tenantId ?? '';
    return this.db.manager.count(CustomRole, { where: { tenantId } });
  }

  async insert(role: CustomRole): Promise<void> {
    await this.db.manager.insert(CustomRole, role);
    this.db.record(role.takeEvents());
  }

  async save(role: CustomRole): Promise<void> {
    await this.db.manager.save(CustomRole, role);
    this.db.record(role.takeEvents());
  }

  async delete(role: CustomRole): Promise<void> {
    const { tenantId, name } = role;
    await this.db.manager.delete(CustomRole, { tenantId, name });
    this.db.record(role.takeEvents());
  }
}
