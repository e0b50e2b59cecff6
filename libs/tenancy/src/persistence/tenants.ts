import { Injectable } from '@nestjs/common';
import { type Actor, Db, notFound } from '#platform';
import { Tenant, type TenantChoices, type TenantStatus } from '../domain/tenant.js';

@Injectable()
export class Tenants {
  constructor(private readonly db: Db) {}

  /**
   * The tenant of the transaction, locked: who belongs to it, and as what, stands until it ends. Throws 404, also when
   * it is over.
   */
  async lock(id = this.db.actor.tenantId ?? ''): Promise<Tenant> {
    const tenant = await this.tryLock(id);
    if (!tenant || tenant.status === 'deleted') throw notFound('tenant');
    return tenant;
  }

  /** Like {@link lock}; null when there is none. */
  tryLock(id: string): Promise<Tenant | null> {
    return this.db.manager.findOne(Tenant, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async insert(tenant: Tenant): Promise<void> {
    await this.db.manager.insert(Tenant, tenant);
    this.db.record(tenant.takeEvents());
  }

  async save(tenant: Tenant): Promise<void> {
    await this.db.manager.save(Tenant, tenant);
    this.db.record(tenant.takeEvents());
  }

  /** Takes the slug for the tenant; false when another has it. One that was the tenant's stays the tenant's. */
  async claimSlug(slug: string, tenantId: string): Promise<boolean> {
    const [row] = await this.db.query<{ has: boolean }>(
      `with taken as (
         insert into tenancy.slugs (slug, tenant_id) values ($1, $2) on conflict (slug) do nothing returning slug
       )
       select exists (select from taken)
         or exists (select from tenancy.slugs where slug = $1 and tenant_id = $2) as has`,
      [slug, tenantId],
    );
    return row?.has ?? false;
  }

  /** How many slugs the transaction's tenant has, those of before included. */
  async slugCount(): Promise<number> {
    const [row] = await this.db.query<{ count: number }>(
      'select count(*)::int as count from tenancy.slugs where tenant_id = $1',
      [this.db.actor.tenantId],
    );
    return row?.count ?? 0;
  }

  /** Whose slug it is; null for nobody's. */
  async idOfSlug(actor: Actor, slug: string): Promise<string | null> {
    const [row] = await this.db.read<{ id: string }>(
      actor,
      'select tenant_id as id from tenancy.slugs where slug = $1',
      [slug],
    );
    return row?.id ?? null;
  }

  /** All of the actor's tenant. Throws 404. */
  async details(actor: Actor): Promise<TenantDetails> {
    const [row] = await this.db.read<TenantDetails>(
      actor,
      `select tenant_id as id, name, slug, plan, max_seats as "maxSeats", max_members as "maxMembers", status,
         created_at as "createdAt", sign_up_mode as "signUpMode", allowed_domains as "allowedDomains",
         retention_days as "retentionDays", second_factor_required as "secondFactorRequired",
         deletion_asked_at as "deletionAskedAt", deletes_at as "deletesAt", deletion_asked_by as "deletionAskedBy"
       from tenancy.tenants where tenant_id = $1`,
      [actor.tenantId],
    );
    if (!row) throw notFound('tenant');
    return row;
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
  maxSeats: number | null;
  status: string;
  /** Whether everybody who signs in to it has to show a second factor. */
  secondFactorRequired: boolean;
}

export interface TenantDetails extends TenantChoices {
  id: string;
  name: string;
  slug: string;
  plan: string;
  maxSeats: number | null;
  maxMembers: number | null;
  status: TenantStatus;
  createdAt: Date;
  secondFactorRequired: boolean;
  /** Set from when its end was asked for until that is taken back. */
  deletionAskedAt: Date | null;
  deletesAt: Date | null;
  deletionAskedBy: string | null;
}
