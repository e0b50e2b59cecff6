import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, DomainError, idOf, unauthenticated } from '#platform';
import { DescribeTenant, type MembershipDescription } from '#tenancy';
import { keyStatusAt } from '../domain/api-key.js';
import { tenantSuspended } from '../domain/session-policy.js';
import { type ServiceAccountRow, ServiceAccounts } from '../persistence/service-accounts.js';
import { mustManage } from '../service-accounts/scopes.js';

export const ServiceAccountsPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('svc').optional(),
});

export const ApiKeysPage = ServiceAccountsPage.extend({ cursor: idOf('key').optional() });

/** What a service account hears of itself. */
export interface ServiceProfile {
  serviceAccount: { id: string; name: string };
  tenant: MembershipDescription['tenant'];
}

@Injectable()
export class ReadServiceAccounts {
  constructor(
    private readonly accounts: ServiceAccounts,
    private readonly describeTenant: DescribeTenant,
    private readonly clock: Clock,
  ) {}

  /** Those of the actor's tenant, the newest first. Throws 403 `MISSING_SCOPE`. */
  async page(actor: Actor, { limit, cursor }: z.output<typeof ServiceAccountsPage>) {
    mustManage(actor);
    return paged(await this.accounts.page(actor, cursor ?? null, limit + 1), limit);
  }

  /** Throws 403 `MISSING_SCOPE`, 404. */
  one(actor: Actor, id: string): Promise<ServiceAccountRow> {
    mustManage(actor);
    return this.accounts.get(actor, id);
  }

  /** The keys of one, the newest first, those that have ended included. Throws 403 `MISSING_SCOPE`, 404. */
  async keys(actor: Actor, id: string, { limit, cursor }: z.output<typeof ApiKeysPage>) {
    await this.one(actor, id);
    const page = paged(await this.accounts.keys(actor, id, cursor ?? null, limit + 1), limit);
    return {
      ...page,
      data: page.data.map((row) => ({ ...row, status: keyStatusAt(row, this.clock.now()) })),
    };
  }

  /** Throws the one 401 for one that is gone, 403 `TENANT_SUSPENDED`. */
  async self(actor: Actor): Promise<ServiceProfile> {
    const [account, standing] = await Promise.all([
      this.accounts.get(actor, actor.id ?? '').catch((error: unknown) => {
        throw error instanceof DomainError && error.kind === 'not_found'
          ? unauthenticated('account gone')
          : error;
      }),
      this.describeTenant.execute(actor),
    ]);
    if (!standing) throw unauthenticated('no such tenant');
    if (standing.tenant.status === 'suspended') throw tenantSuspended();
    return { serviceAccount: { id: account.id, name: account.name }, tenant: standing.tenant };
  }
}

function paged<Row extends { id: string }>(rows: Row[], limit: number) {
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}
