import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';

/** Tenants whose time has come, of all installations' tenants: for the worker. */
@Injectable()
export class EndingTenants {
  constructor(private readonly database: SystemDatabase) {}

  /** Those that are to be deleted by `now` and are not. */
  async due(now: Date): Promise<string[]> {
    const rows = await this.database.query<{ tenant_id: string }>(
      `select tenant_id from tenancy.tenants where deletes_at <= $1 and status <> 'deleted' order by deletes_at limit 100`,
      [now],
    );
    return rows.map((row) => row.tenant_id);
  }

  /** Those that are over and still have rows of their own, with when they ended. */
  async ended(): Promise<{ tenantId: string; endedAt: Date }[]> {
    return this.database.query(
      `select tenant_id as "tenantId", ended_at as "endedAt" from tenancy.tenants
       where ended_at is not null and status = 'deleted' order by ended_at limit 100`,
    );
  }
}
