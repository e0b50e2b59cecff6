import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { Authority } from '../authority.js';
import { Slug } from '../domain/slug.js';
import { type TenantDetails, Tenants } from '../persistence/tenants.js';

export const OrganizationName = z.string().trim().min(1).max(120).meta({ example: 'Acme Tools' });

export const ChangeTenantInput = z
  .strictObject({ name: OrganizationName.optional(), slug: Slug.optional() })
  .refine(({ name, slug }) => name !== undefined || slug !== undefined, 'say a name or a slug');

/** A tenant keeps the slugs it had, so that nobody answers under them; it may not collect them. */
const SLUGS_MAX = 10;

/** What a tenant is called. */
@Injectable()
export class ChangeTenant {
  constructor(
    private readonly db: Db,
    private readonly authority: Authority,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Throws 403 `MISSING_SCOPE`. */
  read(actor: Actor): Promise<TenantDetails> {
    actor.must('tenant:read');
    return this.tenants.details(actor);
  }

  /** Throws 403 `MISSING_SCOPE`, 409 `SLUG_TAKEN` or `SLUGS_EXHAUSTED`. */
  async execute(actor: Actor, input: z.output<typeof ChangeTenantInput>): Promise<TenantDetails> {
    await this.db.transaction(actor, async () => {
      const { tenant } = await this.authority.must(actor, 'tenant:manage');
      const { slug } = input;
      if (slug !== undefined && slug !== tenant.slug) {
        if (!(await this.tenants.claimSlug(slug, tenant.id))) throw slugTaken();
        if ((await this.tenants.slugCount()) > SLUGS_MAX) throw slugsExhausted();
      }
      if (tenant.rename(input, this.clock.now())) await this.tenants.save(tenant);
    });
    return this.tenants.details(actor);
  }
}

const slugTaken = () => new DomainError('conflict', 'SLUG_TAKEN', 'Another organisation has this slug.');

const slugsExhausted = () =>
  new DomainError(
    'conflict',
    'SLUGS_EXHAUSTED',
    `An organisation keeps the slugs it had, and has no more than ${SLUGS_MAX}.`,
  );
