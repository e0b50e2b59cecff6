import { Injectable } from '@nestjs/common';
import { type Actor, idOf } from '#platform';
import { type MemberRow, Memberships } from '../persistence/memberships.js';
import { type TenantDetails, Tenants } from '../persistence/tenants.js';

export const TenantId = idOf('ten');

const PAGE = 500;

/** Any tenant, as operators see it. */
@Injectable()
export class LookAtTenant {
  constructor(
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
  ) {}

  /** Throws 403, 404. */
  execute(actor: Actor, tenantId: string): Promise<TenantDetails> {
    actor.must('operator:tenants');
    return this.tenants.details(actor.as({ tenantId }));
  }

  /** Everybody in it, the oldest first, page by page. Throws 403, 404. */
  async *members(actor: Actor, tenantId: string): AsyncGenerator<MemberRow[], void, undefined> {
    await this.execute(actor, tenantId);
    for (let after: string | null = null, isMore = true; isMore;) {
      const rows: MemberRow[] = await this.memberships.page(actor.as({ tenantId }), after, PAGE);
      if (rows.length > 0) yield rows;
      after = rows.at(-1)?.id ?? null;
      isMore = rows.length === PAGE;
    }
  }
}
