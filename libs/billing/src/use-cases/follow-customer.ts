import { Injectable } from '@nestjs/common';
import { Actor, Clock, Db, idOf, occurred, type RecordedEvent } from '#platform';
import { DescribeTenant } from '#tenancy';
import { DunningConfig } from '../dunning.config.js';
import { Prices } from '../catalogue/prices.js';
import { type Notice, noticesOf } from '../domain/notices.js';
import { project } from '../domain/project.js';
import { isSameRight, type Standing } from '../domain/standing.js';
import { NoticeRaised, SubscriptionChanged } from '../events/index.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';
import { Checkouts } from '../persistence/checkouts.js';
import { StripeInbox } from '../persistence/stripe-inbox.js';
import { type Look, StripeLook } from '../stripe/look.js';

const TenantId = idOf('ten');
const DAY_MS = 86_400_000;

export type Followed =
  | { outcome: 'applied' | 'superseded'; tenantId: string }
  /** It is nobody's customer here, or another one's than it says. */
  | { outcome: 'foreign'; why: 'NO_CUSTOMER' | 'NO_TENANT' | 'OTHER_CUSTOMER' };

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
    private readonly prices: Prices,
    private readonly dunning: DunningConfig,
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

      const standing = project(facts, this.prices.list, this.policy, now);
      const isChanged = !isSameRight(account.standing, standing);
      const next: BillingAccount = {
        customerId: facts.customerId,
        ticket,
        facts,
        standing,
        trialUsedAt:
          account.trialUsedAt ?? (facts.subscriptions.some((one) => one.trialEnd !== null) ? now : null),
        revision: account.revision + (isChanged ? 1 : 0),
        changedAt: isChanged ? now : account.changedAt,
        lookedAt: now,
      };
      await this.accounts.save(next);
      // The page where it was bought is of no more use; the next purchase opens one of its own.
      if (standing.subscriptionId !== account.standing.subscriptionId) await this.checkouts.close(actor);
      this.db.record([
        ...(isChanged ? [this.changed(next, now)] : []),
        ...(await this.notices(account.standing, standing, now)),
      ]);
      return { outcome: 'applied', tenantId };
    });
  }

  private changed({ revision, standing }: BillingAccount, now: Date): RecordedEvent {
    const { state, reasons, access, plan, interval, seats, subscriptionId } = standing;
    return occurred(
      SubscriptionChanged,
      {
        ...{ revision, subscriptionId, state, reasons: [...reasons], access, plan, interval, seats },
        periodEnd: instant(standing.periodEnd),
        endsAt: instant(standing.endsAt),
        offlineUntil: instant(standing.offlineUntil),
      },
      now,
    );
  }

  /** Those that nobody was told yet: a replay of the same changes tells nobody anything. */
  private async notices(before: Standing, after: Standing, now: Date): Promise<RecordedEvent[]> {
    const found = noticesOf(before, after);
    const fresh = await this.accounts.newEffects(
      found.map((one) => one.key),
      now,
    );
    // What is over is named by what it was.
    const plan = after.plan === 'FREE' ? before.plan : after.plan;
    return found
      .filter((one) => fresh.has(one.key))
      .map((one: Notice) =>
        occurred(
          NoticeRaised,
          {
            ...one,
            plan,
            planName: this.prices.plan(plan)?.name ?? plan,
            amountDue: after.unpaid?.amountDue ?? null,
            currency: after.unpaid?.currency ?? null,
            trialEnd: instant(after.trialEnd),
            endsAt: instant(after.endsAt),
            restrictsAt: instant(after.restrictsAt),
            suspendsAt: instant(after.suspendsAt),
          },
          now,
        ),
      );
  }

  private get policy() {
    const { graceDays, restrictedDays } = this.dunning;
    return { graceMs: graceDays * DAY_MS, restrictedMs: restrictedDays * DAY_MS };
  }
}

const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
