import type { LicenseType } from '#sdk/formats';
import type { PriceList } from './plan-price.js';
import { type DunningPolicy, project } from './project.js';
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
    return bought.state === 'none' ? { ...NOTHING, state: 'cancelled', endsAt } : bought;
  }
  return {
    ...NOTHING,
    state: 'contract',
    access: 'full',
    plan: contract.plan,
    seats: contract.seats,
    endsAt,
    offlineUntil: endsAt,
    // What is alive at Stripe beside it is paid for a second time.
    duplicates: [
      ...(bought.subscriptionId && bought.state !== 'cancelled' ? [bought.subscriptionId] : []),
      ...bought.duplicates,
    ],
    dueAt: endsAt,
  };
}
