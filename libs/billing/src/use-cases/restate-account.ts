import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Db, occurred, type RecordedEvent } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { type Contract, standingOf } from '../domain/contract.js';
import { type Notice, noticesOf } from '../domain/notices.js';
import { isOurs } from '../domain/ours.js';
import { discountOf, isSameRight, type Standing } from '../domain/standing.js';
import type { StripeFacts } from '../domain/stripe-facts.js';
import { DunningConfig } from '../dunning.config.js';
import { NoticeRaised, SubscriptionChanged } from '../events/index.js';
import { type BillingAccount, BillingAccounts } from '../persistence/billing-accounts.js';

const DAY_MS = 86_400_000;

/** What is different of an account; the rest stays as it was. */
type Change = Partial<
  Pick<BillingAccount, 'customerId' | 'ticket' | 'facts' | 'contract' | 'trialUsedAt' | 'lookedAt'>
>;

/** Works out anew where a tenant stands, and writes that with all that follows from it. */
@Injectable()
export class RestateAccount {
  constructor(
    private readonly db: Db,
    private readonly accounts: BillingAccounts,
    private readonly prices: Prices,
    private readonly dunning: DunningConfig,
  ) {}

  /** Where a tenant stands at `now` by this. */
  standing(facts: StripeFacts | null, contract: Contract | null, now: Date): Standing {
    const { graceDays, restrictedDays, onDispute, onRefund } = this.dunning;
    const graceMs = graceDays * DAY_MS;
    const policy = { graceMs, restrictedMs: restrictedDays * DAY_MS, onDispute, onRefund };
    return standingOf(facts, contract, this.prices.list, policy, now);
  }

  /** Whether the customer was ever on a trial of something of ours. */
  hadTrial({ subscriptions }: StripeFacts): boolean {
    return subscriptions.some((one) => one.trialEnd !== null && isOurs(one, this.prices.list));
  }

  /** Inside the transaction that has locked `before`. */
  async execute(before: BillingAccount, change: Change, now: Date): Promise<BillingAccount> {
    const account = { ...before, ...change };
    const standing = this.standing(account.facts, account.contract, now);
    const isChanged =
      !isSameRight(before.standing, standing) || !isSameDiscount(before, { ...account, standing });
    const next: BillingAccount = {
      ...account,
      standing,
      revision: before.revision + (isChanged ? 1 : 0),
      changedAt: isChanged ? now : before.changedAt,
    };
    await this.accounts.save(next, now);
    this.db.record([
      ...(isChanged ? [changed(next, now)] : []),
      ...(await this.notices(before.standing, standing, now)),
    ]);
    return next;
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
            kind: one.kind,
            key: one.key,
            plan,
            planName: this.prices.plan(plan)?.name ?? plan,
            access: after.access,
            amountDue: after.unpaid?.amountDue ?? null,
            amount: one.amount ?? null,
            currency: one.currency ?? after.unpaid?.currency ?? null,
            reason: one.reason ?? null,
            respondBy: instant(one.respondBy ?? null),
            trialEnd: instant(after.trialEnd),
            endsAt: instant(after.endsAt),
            restrictsAt: instant(after.restrictsAt),
            suspendsAt: instant(after.suspendsAt),
          },
          now,
        ),
      );
  }
}

/** It is shown with the subscription: whoever follows that hears of it, too. */
const isSameDiscount = (one: BillingAccount, other: BillingAccount): boolean =>
  isDeepStrictEqual(discountOf(one.facts, one.standing), discountOf(other.facts, other.standing));

function changed({ revision, standing }: BillingAccount, now: Date): RecordedEvent {
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

const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
