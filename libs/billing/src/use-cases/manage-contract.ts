import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Actor, Clock, Db, DomainError, idOf, Log, notFound, occurred } from '#platform';
import { LICENSE_TYPES } from '#sdk/formats';
import { DescribeTenant } from '#tenancy';
import { ContractAgreed, ContractEnded } from '../events/index.js';
import type { Standing } from '../domain/standing.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { Checkouts } from '../persistence/checkouts.js';
import { OpenPages } from '../stripe/open-pages.js';
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
    private readonly checkouts: Checkouts,
    private readonly pages: OpenPages,
    private readonly restateAccount: RestateAccount,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** From now on, instead of a contract before; nobody pays at an open page beside it. Throws 404, 422 `CONTRACT_END_PAST`. */
  async agree(operator: Actor, input: z.output<typeof AgreeContractInput>): Promise<Standing> {
    operator.must('operator:billing');
    const { tenantId, plan, seats, endsAt } = input;
    const actor = await this.at(operator, tenantId);

    const agreed = await this.db.transaction(actor, async () => {
      const now = this.clock.now();
      if (endsAt <= now)
        throw new DomainError('invalid', 'CONTRACT_END_PAST', 'The contract would be over already.');
      const contract = { plan, seats, endsAt: endsAt.toISOString() };
      this.db.record([occurred(ContractAgreed, { tenantId, ...contract }, now)]);
      const account = await this.accounts.lock(now);
      await this.checkouts.close(actor);
      return this.restateAccount.execute(account, { contract }, now);
    });
    if (agreed.customerId) await this.closePages(tenantId, agreed.customerId);
    return agreed.standing;
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

  /**
   * Ends a contract whose time has come, by what is known of Stripe; another account is left as it is. `lookAt`: when Stripe
   * is to be asked all the same.
   */
  async endIfOver(tenantId: string, traceId: string, lookAt: Date | null): Promise<void> {
    await this.db.transaction(Actor.system(tenantId, traceId), async () => {
      const now = this.clock.now();
      const account = await this.accounts.lock(now);
      const isOver = account.contract && Date.parse(account.contract.endsAt) <= now.getTime();
      if (!isOver || account.standing.state !== 'contract') return;
      await this.restateAccount.execute(account, {}, now);
      if (lookAt) await this.accounts.hasten(lookAt);
    });
  }

  /** What Stripe does not close now runs out within a day; if somebody pays there, it is found as a duplicate. */
  private async closePages(tenantId: string, customerId: string): Promise<void> {
    try {
      await this.pages.close(customerId, 'contract');
    } catch (error) {
      this.log.warn({ error, tenant_id: tenantId }, 'An open page of Stripe could not be closed.');
    }
  }

  private async at(operator: Actor, tenantId: string): Promise<Actor> {
    const actor = operator.as({ tenantId });
    if (!(await this.tenants.execute(actor))) throw notFound('tenant');
    return actor;
  }
}
