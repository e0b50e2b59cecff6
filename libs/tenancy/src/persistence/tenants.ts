import { Injectable } from '@nestjs/common';
import { type Actor, Db, notFound } from '#platform';
import { Tenant } from '../domain/tenant.js';

@Injectable()
export class Tenants {
  constructor(private readonly db: Db) {}

  /** The tenant of the transaction, locked. Throws 404. */
  async lock(id: string): Promise<Tenant> {
    const tenant = await this.db.manager.findOne(Tenant, {
      where: { id },
      lock: { mode: 'pessimistic_write' },
    });
    if (!tenant) throw notFound('tenant');
    return tenant;
  }

  async insert(tenant: Tenant): Promise<void> {
    await this.db.manager.insert(Tenant, tenant);
    this.db.record(tenant.takeEvents());
  }

  async save(tenant: Tenant): Promise<void> {
    await this.db.manager.save(Tenant, tenant);
    this.db.record(tenant.takeEvents());
  }

  /** Takes the slug for the tenant; false when another has it. */
  async claimSlug(slug: string, tenantId: string): Promise<boolean> {
    const rows = await this.db.query(
      'insert into tenancy.slugs (slug, tenant_id) values ($1, $2) on conflict (slug) do nothing returning slug',
      [slug, tenantId],
    );
    return rows.length === 1;
  }

  /** What a token and GET /auth/me tell of the actor's tenant; null when there is none. */
  async describe(actor: Actor): Promise<TenantDescription | null> {
    const [row] = await this.db.read<TenantDescription>(
      actor,
      `select tenant_id as id, name, slug, plan, max_seats as "maxSeats", status,
         second_factor_required as "secondFactorRequired" from tenancy.tenants where tenant_id = $1`,
      [actor.tenantId],
    );
    return row ?? null;
  }
}

export interface TenantDescription {
  id: string;
  name: string;
  slug: string;
  plan: string;
  maxSeats: number;
  status: string;
  /** Whether everybody who signs in to it has to show a second factor. */
  secondFactorRequired: boolean;
}
