import type { LicenseType } from '#sdk/formats';
import type { DunningPolicy } from './dunning.js';
import type { PriceList } from './plan-price.js';
import { project } from './project.js';
import { NOTHING, type Standing } from './standing.js';
import type { StripeFacts } from './stripe-facts.js';

/** What an operator has agreed with a tenant, beside Stripe. */
export interface Contract {
  plan: LicenseType;
  /** null: as many as the plan gives. */
  seats: number | null;
  /** When it ends; ISO 8601. */
  endsAt: string;
}

/** Like {@link project}, and a contract wins over whatever Stripe says until it ends. */
export function standingOf(
  stripe: StripeFacts | null,
  contract: Contract | null,
  prices: PriceList,
  policy: DunningPolicy,
  now: Date,
): Standing {
  const bought = stripe ? project(stripe, prices, policy, now) : NOTHING;
  if (!contract) return bought;
  const endsAt = Date.parse(contract.endsAt);
  if (endsAt <= now.getTime()) {
    if (bought.state === 'none') return { ...NOTHING, state: 'cancelled', endsAt };
    // Over since the later of the two.
    return bought.state === 'cancelled'
      ? { ...bought, endsAt: Math.max(bought.endsAt ?? endsAt, endsAt) }
      : bought;
  }
  // What is alive at Stripe beside it is paid for a second time.
  const beside = bought.subscriptionId && bought.state !== 'cancelled' ? [bought.subscriptionId] : [];
  return {
    ...NOTHING,
    state: 'contract',
    reasons: beside.length > 0 ? ['subscription_beside'] : [],
    access: 'full',
    plan: contract.plan,
    seats: contract.seats,
    endsAt,
    offlineUntil: endsAt,
    takenBack: bought.takenBack,
    duplicates: [...beside, ...bought.duplicates],
    dueAt: endsAt,
  };
}
