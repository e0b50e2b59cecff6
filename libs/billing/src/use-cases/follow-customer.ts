import { Injectable } from '@nestjs/common';
import { Actor, Clock, Db, idOf } from '#platform';
import { DescribeTenant } from '#tenancy';
import { noticesOf } from '../domain/notices.js';
import type { Standing } from '../domain/standing.js';
import { BillingAccounts } from '../persistence/billing-accounts.js';
import { Checkouts } from '../persistence/checkouts.js';
import { StripeInbox } from '../persistence/stripe-inbox.js';
import { type Look, StripeLook } from '../stripe/look.js';
import { RestateAccount } from './restate-account.js';

const TenantId = idOf('ten');

interface Foreign {
  /** It is nobody's customer here, or another one's than it says. */
  outcome: 'foreign';
  why: 'NO_CUSTOMER' | 'NO_TENANT' | 'OTHER_CUSTOMER';
}

export type Followed =
  /** `isChanged`: what the tenant may do is different now. */
  | { outcome: 'applied'; tenantId: string; isChanged: boolean }
  | { outcome: 'superseded'; tenantId: string }
  | Foreign;

/** What following a customer now would come to. */
export type Foreseen =
  | { outcome: 'known'; tenantId: string; before: Standing; after: Standing; tells: readonly string[] }
  | Foreign;

/**
 * Brings what we hold of a customer to what Stripe has of it now. An event is no more than the reason to look: whatever
 * came twice, late or in another order, the newest look decides.
 */
@Injectable()
export class FollowCustomer {
  constructor(
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly checkouts: Checkouts,
    private readonly inbox: StripeInbox,
    private readonly stripe: StripeLook,
    private readonly tenants: DescribeTenant,
    private readonly restate: RestateAccount,
    private readonly clock: Clock,
  ) {}

  /** Never inside a transaction. Throws 503 `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`, 403 `TENANT_DELETED`. */
  async execute(customerId: string, traceId: string): Promise<Followed> {
    // Before the look: whoever looks later has a higher one.
    const ticket = await this.inbox.drawTicket();
    const look = await this.stripe.at(customerId);
    if (!look) return { outcome: 'foreign', why: 'NO_CUSTOMER' };
    const tenantId = await this.tenantOf(customerId, look, traceId);
    if (!tenantId) return { outcome: 'foreign', why: 'NO_TENANT' };
    return this.write(Actor.system(tenantId, traceId), ticket, look);
  }

  /** What {@link execute} would come to now; writes nothing and tells nobody. Throws what that throws. */
  async foresee(customerId: string, traceId: string): Promise<Foreseen> {
    const look = await this.stripe.at(customerId);
    if (!look) return { outcome: 'foreign', why: 'NO_CUSTOMER' };
    const tenantId = await this.tenantOf(customerId, look, traceId);
    if (!tenantId) return { outcome: 'foreign', why: 'NO_TENANT' };
    const actor = Actor.system(tenantId, traceId);
    const account = await this.accounts.get(actor);
    if ((account.customerId ?? customerId) !== customerId) {
      return { outcome: 'foreign', why: 'OTHER_CUSTOMER' };
    }
    const after = this.restate.standing(look.facts, account.contract, this.clock.now());
    const notices = noticesOf(account.standing, after);
    const told = await this.accounts.effectsThere(
      actor,
      notices.map((one) => one.key),
    );
    const tells = notices.filter((one) => !told.has(one.key)).map((one) => one.kind);
    return { outcome: 'known', tenantId, before: account.standing, after, tells };
  }

  /** Whose it was from the beginning, else whose Stripe says it is. The event itself is not asked. */
  private async tenantOf(customerId: string, look: Look, traceId: string): Promise<string | null> {
    const known = await this.inbox.tenantOf(customerId);
    if (known) return known;
    const named = TenantId.safeParse(look.tenantId);
    if (!named.success) return null;
    const there = await this.tenants.execute(Actor.system(named.data, traceId));
    return there ? named.data : null;
  }

  private write(actor: Actor, ticket: number, { facts }: Look): Promise<Followed> {
    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const account = await this.accounts.lock(now);
      if (!(await this.accounts.link(facts.customerId))) return { outcome: 'foreign', why: 'OTHER_CUSTOMER' };
      const tenantId = actor.tenantId!;
      if (account.ticket >= ticket) return { outcome: 'superseded', tenantId };
      const hadTrial = facts.subscriptions.some((one) => one.trialEnd !== null);
      const trialUsedAt = account.trialUsedAt ?? (hadTrial ? now : null);
      const { customerId } = facts;
      const change = { customerId, ticket, facts, trialUsedAt, lookedAt: now };
      const { revision, standing } = await this.restate.execute(account, change, now);
      // The page where it was bought is of no more use; the next purchase opens one of its own.
      if (standing.subscriptionId !== account.standing.subscriptionId) await this.checkouts.close(actor);
      return { outcome: 'applied', tenantId, isChanged: revision !== account.revision };
    });
  }
}
