import type { Fallback, Lease } from './formats/lease.js';
import type { LeaseState } from './lease-state.js';

/** What a program may use at present. Ask for entitlements, never for the plan. */
export interface Terms {
  plan: string | null;
  entitlements: readonly string[];
  /** null: the lease's own quotas count; a list: these and no others, per UTC day. */
  allowances: Fallback['allowances'] | null;
}

/** Free as it is sold (S1-42, S1-47), for a client that has no lease to tell it. */
export const FREE: Fallback = {
  plan: 'FREE',
  entitlements: ['commands:execute'],
  allowances: [{ meter: 'commands', perDay: 10 }],
};

const NOTHING: Terms = { plan: null, entitlements: [], allowances: [] };

/**
 * The terms of a state: the lease's while fresh or in grace; Free's (the lease's fallback, else `free`) when it has
 * ended or the clock was set back; nothing when suspended or revoked.
 */
export function termsOf({ state, keep }: Pick<LeaseState, 'state' | 'keep'>, free: Fallback = FREE): Terms {
  const { lease } = keep;
  if (state === 'suspended' || state === 'revoked') return NOTHING;
  return lease && (state === 'fresh' || state === 'grace') ? own(lease) : (lease?.fallback ?? free);
}

const own = ({ plan, entitlements }: Lease): Terms => ({ plan, entitlements, allowances: null });
