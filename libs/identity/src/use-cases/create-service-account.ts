import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError } from '#platform';
import type { Maker } from '../domain/scoped-aggregate.js';
import { registeredBy, ServiceAccount } from '../domain/service-account.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { Makers } from '../service-accounts/makers.js';
import { JwksInput } from '../service-accounts/public-keys.js';
import { mustHandOut, mustHold, ScopesInput } from '../service-accounts/scopes.js';
import { Standings } from '../service-accounts/service-standing.js';

/** A program that makes accounts in a loop must stop somewhere. */
const MAX_ACCOUNTS = 100;

export const ServiceAccountName = z
  .string()
  .regex(/^[^\p{Cc}]*$/u, 'must have no control characters')
  .trim()
  .min(1)
  .max(100)
  .meta({ example: 'Nightly report' });

export const CreateServiceAccountInput = z.strictObject({
  name: ServiceAccountName,
  scopes: ScopesInput,
  jwks: JwksInput.optional(),
});

@Injectable()
export class CreateServiceAccount {
  constructor(
    private readonly db: Db,
    private readonly accounts: ServiceAccounts,
    private readonly makers: Makers,
    private readonly standings: Standings,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws 403 `MISSING_SCOPE`, also for a scope that the actor does not have to give, or `EMAIL_NOT_VERIFIED`; 409
   * `SERVICE_ACCOUNTS_EXHAUSTED`.
   */
  async execute(actor: Actor, input: z.output<typeof CreateServiceAccountInput>): Promise<ServiceAccount> {
    mustHandOut(actor);
    const { ceiling } = await this.standings.get(actor);
    return this.db.transaction(actor, async () => {
      mustHold(await this.makers.hold(actor), input.scopes, ceiling);
      return this.make(input, { type: actor.type, id: actor.id });
    });
  }

  /** Inside the transaction of a tenant, by whoever has checked that it may. */
  async make(input: z.output<typeof CreateServiceAccountInput>, by: Maker): Promise<ServiceAccount> {
    if ((await this.accounts.countLocked()) >= MAX_ACCOUNTS) {
      throw new DomainError(
        'conflict',
        'SERVICE_ACCOUNTS_EXHAUSTED',
        'There are as many service accounts as there can be; delete one.',
        { details: { max: MAX_ACCOUNTS } },
      );
    }
    const { name, scopes, jwks } = input;
    const tenantId = this.db.actor.tenantId ?? '';
    const account = ServiceAccount.create(
      { tenantId, name, scopes, jwks: registeredBy(by, jwks?.keys ?? []), by },
      this.clock.now(),
    );
    await this.accounts.insert(account);
    return account;
  }
}
