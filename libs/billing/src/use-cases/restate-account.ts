import { Injectable } from '@nestjs/common';
import { Db, occurred, type RecordedEvent } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { type Contract, standingOf } from '../domain/contract.js';
import { type Notice, noticesOf } from '../domain/notices.js';
import { isSameRight, type Standing } from '../domain/standing.js';
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
    const { graceDays, restrictedDays } = this.dunning;
    const policy = { graceMs: graceDays * DAY_MS, restrictedMs: restrictedDays * DAY_MS };
    return standingOf(facts, contract, this.prices.list, policy, now);
  }

  /** Inside the transaction that has locked `before`. */
  async execute(before: BillingAccount, change: Change, now: Date): Promise<BillingAccount> {
    const account = { ...before, ...change };
    const standing = this.standing(account.facts, account.contract, now);
    const isChanged = !isSameRight(before.standing, standing);
    const next: BillingAccount = {
      ...account,
      standing,
      revision: before.revision + (isChanged ? 1 : 0),
      changedAt: isChanged ? now : before.changedAt,
    };
    await this.accounts.save(next);
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
}

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
