import { Injectable } from '@nestjs/common';
import { Actor, Clock, ClosedTenants, Db, idOf, TenantClosed } from '#platform';
import { DescribeTenant } from '#tenancy';
import { factsAfter } from '../domain/facts-after.js';
import { noticesOf } from '../domain/notices.js';
import type { Standing } from '../domain/standing.js';
import type { ChargesSeen, StripeFacts } from '../domain/stripe-facts.js';
import { laterOf, mustSeeCharges } from '../domain/taken-back.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { Checkouts } from '../persistence/checkouts.js';
import { StripeInbox } from '../persistence/stripe-inbox.js';
import { type Look, StripeLook } from '../stripe/look.js';
import { RestateAccount } from './restate-account.js';

const TenantId = idOf('ten');

interface Foreign {
  /** It is nobody's customer here, another one's than it says, or a tenant's that has a new one. */
  outcome: 'foreign';
  why: 'NO_CUSTOMER' | 'NO_TENANT' | 'OTHER_CUSTOMER' | 'GONE_CUSTOMER';
  /** Whose it says it is. */
  tenantId?: string;
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
    private readonly closed: ClosedTenants,
    private readonly restate: RestateAccount,
    private readonly clock: Clock,
  ) {}

  /**
   * `isAboutCharges`: the reason to look is something that was taken back. Never inside a transaction. Throws 503
   * `BILLING_UNAVAILABLE`, 409 `BILLING_CONFLICT`, 403 `TENANT_DELETED`.
   */
  async execute(customerId: string, traceId: string, isAboutCharges = false): Promise<Followed> {
    // Before the look: whoever looks later has a higher one.
    const ticket = await this.inbox.drawTicket();
    const { look, tenantId } = await this.look(customerId, traceId, isAboutCharges);
    if (!look) return { outcome: 'foreign', why: 'NO_CUSTOMER' };
    if (!tenantId) return nobodys(look);
    return this.write(Actor.system(tenantId, traceId), ticket, look);
  }

  /** What {@link execute} would come to now; writes nothing and tells nobody. Throws what that throws. */
  async foresee(customerId: string, traceId: string): Promise<Foreseen> {
    const { look, tenantId } = await this.look(customerId, traceId, true);
    if (!look) return { outcome: 'foreign', why: 'NO_CUSTOMER' };
    if (!tenantId) return nobodys(look);
    const actor = Actor.system(tenantId, traceId);
    const account = await this.accounts.get(actor);
    if ((account.customerId ?? customerId) !== customerId) return foreign(account, customerId);
    if (account.goneCustomers.includes(customerId)) return foreign(account, customerId);
    const now = this.clock.now();
    const charges = this.seen(look, Infinity) ?? account.facts?.charges ?? null;
    const facts = { ...factsAfter(look.facts, account.facts, now), charges };
    const after = this.restate.standing(facts, account.contract, now);
    const notices = noticesOf(account.standing, after);
    const told = await this.accounts.effectsThere(
      actor,
      notices.map((one) => one.key),
    );
    const tells = notices.filter((one) => !told.has(one.key)).map((one) => one.kind);
    return { outcome: 'known', tenantId, before: account.standing, after, tells };
  }

  private async look(customerId: string, traceId: string, isAboutCharges: boolean) {
    const mine = await this.inbox.tenantOf(customerId);
    const account = mine ? await this.accounts.get(Actor.system(mine, traceId)) : null;
    const known = account?.facts?.charges ?? null;
    const seesCharges = isAboutCharges || mustSeeCharges(known, this.seconds());
    const look = await this.stripe.at(customerId, seesCharges ? { known } : null);
    return { look, tenantId: mine ?? (look && (await this.namedBy(look, traceId))) };
  }

  /** Whose Stripe says it is, where it was never anybody's here. The event itself is not asked. Throws 403 `TENANT_DELETED`. */
  private async namedBy(look: Look, traceId: string): Promise<string | null> {
    const named = TenantId.safeParse(look.tenantId);
    if (!named.success) return null;
    const there = await this.tenants.execute(Actor.system(named.data, traceId));
    if (there) return named.data;
    // Its last events come when it is gone: of those nothing is kept.
    if ((await this.closed.among([named.data])).size > 0) throw new TenantClosed();
    return null;
  }

  private write(actor: Actor, ticket: number, look: Look): Promise<Followed> {
    return this.db.transaction(actor, async () => {
      const now = this.clock.now();
      const account = await this.accounts.lock(now);
      const { customerId } = look.facts;
      const tenantId = actor.tenantId!;
      if (!(await this.accounts.link(customerId))) return { ...foreign(account, customerId), tenantId };
      const known = account.facts?.charges ?? null;
      const charges = laterOf(known, this.seen(look, ticket));
      const isLate = account.ticket >= ticket;
      // Who looked later may have left out the charges: of this look they are news still.
      if (isLate && charges === known) return { outcome: 'superseded', tenantId };
      const found = isLate && account.facts ? account.facts : factsAfter(look.facts, account.facts, now);
      const facts: StripeFacts = { ...found, charges };
      const trialUsedAt = account.trialUsedAt ?? (this.restate.hadTrial(facts) ? now : null);
      const seen = { customerId, ticket: Math.max(ticket, account.ticket), lookedAt: now };
      const { revision, standing } = await this.restate.execute(
        account,
        { ...seen, facts, trialUsedAt },
        now,
      );
      // The page where it was bought is of no more use; the next purchase opens one of its own. One that is still open is kept.
      const { subscriptionId } = standing;
      if (subscriptionId && subscriptionId !== account.standing.subscriptionId)
        await this.checkouts.close(actor);
      return { outcome: 'applied', tenantId, isChanged: revision !== account.revision };
    });
  }

  private seen({ charges }: Look, ticket: number): ChargesSeen | null {
    return charges && { ticket, lookedAt: this.seconds(), list: charges };
  }

  private seconds(): number {
    return Math.floor(this.clock.now().getTime() / 1_000);
  }
}

/** Stripe says nothing more of a customer that is deleted there. */
const nobodys = ({ facts }: Look): Foreign => ({
  outcome: 'foreign',
  why: facts.isDeleted ? 'GONE_CUSTOMER' : 'NO_TENANT',
});

const foreign = ({ goneCustomers }: BillingAccount, customerId: string): Foreign => ({
  outcome: 'foreign',
  why: goneCustomers.includes(customerId) ? 'GONE_CUSTOMER' : 'OTHER_CUSTOMER',
});
