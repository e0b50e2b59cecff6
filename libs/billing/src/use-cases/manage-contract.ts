import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Actor, Clock, Db, DomainError, idOf, notFound, occurred } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { DescribeTenant } from '#tenancy';
import { ContractAgreed, ContractEnded } from '../events/index.js';
import type { Standing } from '../domain/standing.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { RestateAccount } from './restate-account.js';

const SEATS_MAX = 100_000;
const TenantId = idOf('ten');

export const AgreeContractInput = z.strictObject({
  tenantId: TenantId,
  plan: z.enum(LICENSE_TYPES).refine((plan) => plan !== 'FREE', 'must be a plan that somebody pays for'),
  /** null: as many as the plan gives. */
  seats: z.int().min(1).max(SEATS_MAX).nullable(),
  endsAt: z.date(),
});
export const EndContractInput = z.strictObject({ tenantId: TenantId });

/** What a tenant has by contract, without Stripe. Operators only. */
@Injectable()
export class ManageContract {
  constructor(
    private readonly db: Db,
    private readonly tenants: DescribeTenant,
    private readonly accounts: BillingAccounts,
    private readonly restateAccount: RestateAccount,
    private readonly clock: Clock,
  ) {}

  /** From now on, instead of a contract before. Throws 404, 422 `CONTRACT_END_PAST`. */
  async agree(operator: Actor, input: z.output<typeof AgreeContractInput>): Promise<Standing> {
    operator.must('operator:billing');
    const { tenantId, plan, seats, endsAt } = input;
    const actor = await this.at(operator, tenantId);

    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      if (endsAt <= now)
        throw new DomainError('invalid', 'CONTRACT_END_PAST', 'The contract would be over already.');
      const contract = { plan, seats, endsAt: endsAt.toISOString() };
      this.db.record([occurred(ContractAgreed, { tenantId, ...contract }, now)]);
      const account = await this.accounts.lock(now);
      return (await this.restateAccount.execute(account, { contract }, now)).standing;
    });
  }

  /** Now; what Stripe says holds again. Throws 404, 409 `NO_CONTRACT`. */
  async end(operator: Actor, { tenantId }: z.output<typeof EndContractInput>): Promise<Standing> {
    operator.must('operator:billing');
    const actor = await this.at(operator, tenantId);

    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const account = await this.accounts.lock(now);
      if (!account.contract || Date.parse(account.contract.endsAt) <= now.getTime())
        throw new DomainError('conflict', 'NO_CONTRACT', 'The tenant has no contract that could end.');
      const contract = { ...account.contract, endsAt: now.toISOString() };
      this.db.record([occurred(ContractEnded, { tenantId, plan: contract.plan }, now)]);
      return (await this.restateAccount.execute(account, { contract }, now)).standing;
    });
  }

  /** What time has made of a contract, by what is known of Stripe. */
  async restate(tenantId: string, traceId: string): Promise<void> {
    await this.db.transaction(Actor.system(tenantId, traceId), async () => {
      const now = this.clock.now();
      await this.restateAccount.execute(await this.accounts.lock(now), {}, now);
    });
  }

  private async at(operator: Actor, tenantId: string): Promise<Actor> {
    const actor = operator.as({ tenantId });
    if (!(await this.tenants.execute(actor))) throw notFound('tenant');
    return actor;
  }
}
