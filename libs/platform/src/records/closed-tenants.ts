import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '../db/system-database.js';

/** A tenant that is gone, whose rows may still be there. */
export interface ClosedTenant {
  tenantId: string;
  closedAt: Date;
}

/**
 * The tenants that are gone. One row each is all that stays of them: from the moment it is there no transaction of theirs
 * sees or writes anything, in whatever process (see SET_SCOPE), and only then are their rows erased.
 */
@Injectable()
export class ClosedTenants {
  constructor(private readonly database: SystemDatabase) {}

  /** Whether events of the tenant are still on their way; dead letters are not. */
  async hasEventsInFlight(tenantId: string): Promise<boolean> {
    const rows = await this.database.query(
      'select 1 from platform.outbox where tenant_id = $1 and settled_at is null limit 1',
      [tenantId],
    );
    return rows.length > 0;
  }

  /** Closes the tenant, for good. Repeatable. Postgres refuses it for one that is not over. */
  async close(tenantId: string): Promise<void> {
    await this.database.query('select platform.close_tenant($1)', [tenantId]);
  }

  /** Those of which not everything is known to be erased, the oldest first. */
  async unfinished(): Promise<ClosedTenant[]> {
    return this.database.query<ClosedTenant & { tenantId: string }>(
      `select tenant_id as "tenantId", closed_at as "closedAt" from platform.closed_tenants
       where erased_at is null order by closed_at limit 100`,
    );
  }

  /** Those that were closed after `since`. */
  async closedSince(since: Date): Promise<string[]> {
    const rows = await this.database.query<{ tenant_id: string }>(
      'select tenant_id from platform.closed_tenants where closed_at > $1',
      [since],
    );
    return rows.map((row) => row.tenant_id);
  }

  /** Those among `tenantIds` that are closed. */
  async among(tenantIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ tenant_id: string }>(
      'select tenant_id from platform.closed_tenants where tenant_id = any ($1)',
      [tenantIds],
    );
    return new Set(rows.map((row) => row.tenant_id));
  }

  /** Erases up to `batch` rows of the table; gives how many. Postgres refuses it for a tenant that is not closed. */
  async erase(tenantId: string, table: string, batch: number): Promise<number> {
    const [row] = await this.database.query<{ erased: number }>(
      'select platform.erase_tenant_rows($1, $2, $3) as erased',
      [tenantId, table, batch],
    );
    return row?.erased ?? 0;
  }

  /** Nothing is left of the tenant. */
  async finish(tenantId: string): Promise<void> {
    await this.database.query(
      'update platform.closed_tenants set erased_at = now() where tenant_id = $1 and erased_at is null',
      [tenantId],
    );
  }
}
