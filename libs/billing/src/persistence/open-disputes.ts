import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';
import type { Disputed } from '../domain/taken-back.js';

export interface OpenDispute extends Omit<Disputed, 'isOpen'> {
  tenantId: string;
  customerId: string;
}

/** Of all tenants, what a bank has not decided yet. */
@Injectable()
export class OpenDisputes {
  constructor(private readonly database: SystemDatabase) {}

  /** Up to `limit`, those first that have to be answered first. */
  async list(limit: number): Promise<OpenDispute[]> {
    const rows = await this.database.query<{ tenantId: string; customerId: string; dispute: Disputed }>(
      `select tenant_id as "tenantId", customer_id as "customerId", dispute
       from billing.accounts
         cross join lateral jsonb_array_elements(coalesce(standing #> '{takenBack,disputes}', '[]')) as dispute
       where standing @? '$.takenBack.disputes[*] ? (@.isOpen == true)' and (dispute ->> 'isOpen')::boolean
       order by (dispute ->> 'respondBy')::bigint nulls last, tenant_id limit $1`,
      [limit],
    );
    return rows.map(({ tenantId, customerId, dispute: { isOpen: _, ...dispute } }) => ({
      ...{ tenantId, customerId },
      ...dispute,
    }));
  }
}
