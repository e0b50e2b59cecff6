import { Injectable } from '@nestjs/common';
import { Db } from '#platform';
import type { Headcount } from '../domain/headcount.js';
import { PERMISSIONS, RUNS } from '../domain/permissions.js';

/** The built-in roles that take seats. */
const RUNNERS = PERMISSIONS.find((one) => one.scope === RUNS)!.roles;

/** How many people a tenant has, and how many are about to come. Inside a transaction that has locked the tenant. */
@Injectable()
export class Headcounts {
  constructor(private readonly db: Db) {}

  members(): Promise<Headcount> {
    return this.count('tenancy.memberships');
  }

  /** Those who were invited and may still come. */
  invited(now: Date): Promise<Headcount> {
    return this.count('tenancy.invitations', `and p.status = 'pending' and p.expires_at > $4`, [now]);
  }

  /** How many have a role, or are invited to it and may still come. */
  async withRole(role: string, now: Date): Promise<number> {
    const [row] = await this.db.query<{ count: number }>(
      `select ((select count(*) from tenancy.memberships where tenant_id = $1 and role = $2)
         + (select count(*) from tenancy.invitations where tenant_id = $1 and role = $2 and status = 'pending'
           and expires_at > $3))::int
         as count`,
      [this.db.actor.tenantId, role, now],
    );
    return row?.count ?? 0;
  }

  private async count(table: string, more = '', values: unknown[] = []): Promise<Headcount> {
    const [row] = await this.db.query<Headcount>(
      `select count(*)::int as members,
         (count(*) filter (where p.role = any ($2) or $3 = any (r.scopes)))::int as seated
       from ${table} p left join tenancy.roles r on r.tenant_id = p.tenant_id and r.name = p.role
       where p.tenant_id = $1 ${more}`,
      [this.db.actor.tenantId, RUNNERS, RUNS, ...values],
    );
    return row!;
  }
}
