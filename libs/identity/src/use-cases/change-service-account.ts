import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf } from '#platform';
import { registeredBy, type ServiceAccount } from '../domain/service-account.js';
import { ServiceAccounts } from '../persistence/service-accounts.js';
import { ApiKeys } from '../service-accounts/api-keys.js';
import { Makers } from '../service-accounts/makers.js';
import { JwksInput } from '../service-accounts/public-keys.js';
import { mustHandOut, mustHold, mustManage, ScopesInput } from '../service-accounts/scopes.js';
import { Standings } from '../service-accounts/service-standing.js';
import { ServiceAccountName } from './create-service-account.js';

export const ServiceAccountParams = z.strictObject({ serviceAccountId: idOf('svc') });

export const ChangeServiceAccountInput = z
  .strictObject({
    name: ServiceAccountName.optional(),
    scopes: ScopesInput.optional(),
    jwks: JwksInput.optional(),
  })
  .refine((input) => Object.values(input).some((one) => one !== undefined), 'must change something');

/** Changes a service account; every process knows within two seconds. */
@Injectable()
export class ChangeServiceAccount {
  constructor(
    private readonly db: Db,
    private readonly accounts: ServiceAccounts,
    private readonly makers: Makers,
    private readonly standings: Standings,
    private readonly apiKeys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * Scopes and public keys can be given by who has every scope that they lead to. Throws 403 `MISSING_SCOPE` or
   * `EMAIL_NOT_VERIFIED`, 404.
   */
  async execute(
    actor: Actor,
    id: string,
    input: z.output<typeof ChangeServiceAccountInput>,
  ): Promise<ServiceAccount> {
    mustHandOut(actor);
    const { ceiling } = await this.standings.get(actor);
    const hold = () => this.makers.hold(actor);
    return this.changing(actor, id, hold, (account, present) => {
      const fresh = input.scopes?.filter((scope) => !account.scopes.includes(scope)) ?? [];
      mustHold(present, input.jwks ? (input.scopes ?? account.scopes) : fresh, ceiling);
      account.change(
        { ...input, jwks: input.jwks && registeredBy(actor, input.jwks.keys) },
        this.clock.now(),
      );
    });
  }

  /** Its keys and access tokens are refused until it is enabled. Repeatable. */
  disable(actor: Actor, id: string): Promise<ServiceAccount> {
    mustManage(actor);
    return this.changing(actor, id, asTold(actor), (account) => account.disable(this.clock.now()));
  }

  /** Throws 403 `EMAIL_NOT_VERIFIED` like {@link execute}: its keys work again. */
  async enable(actor: Actor, id: string): Promise<ServiceAccount> {
    mustHandOut(actor);
    const hold = () => this.makers.hold(actor);
    return this.changing(actor, id, hold, (account) => account.enable(this.clock.now()));
  }

  /** For good, with all of its keys. */
  async delete(actor: Actor, id: string): Promise<void> {
    mustManage(actor);
    await this.changing(actor, id, asTold(actor), (account) => account.delete(this.clock.now()));
  }

  private async changing(
    actor: Actor,
    id: string,
    hold: () => Promise<Actor>,
    change: (account: ServiceAccount, present: Actor) => void,
  ): Promise<ServiceAccount> {
    const account = await this.db.transaction(actor, async () => {
      const present = await hold();
      const locked = await this.accounts.lock(id);
      change(locked, present);
      await this.accounts.save(locked);
      return locked;
    });
    this.apiKeys.changed([account]);
    return account;
  }
}

/** What takes something away is done by what the token says. */
const asTold = (actor: Actor) => () => Promise.resolve(actor);
