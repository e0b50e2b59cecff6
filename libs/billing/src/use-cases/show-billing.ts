import { Injectable } from '@nestjs/common';
import { type Actor, idOf } from '#platform';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';

const TenantId = idOf('ten');

/** Where a tenant stands, for operators. */
@Injectable()
export class ShowBilling {
  constructor(private readonly accounts: BillingAccounts) {}

  /** Also when nothing was ever bought. Throws ZodError for what is no id. */
  async execute(actor: Actor, tenantId: string): Promise<BillingAccount> {
    actor.must('operator:billing');
    return this.accounts.get(actor.as({ tenantId: TenantId.parse(tenantId) }));
  }
}
