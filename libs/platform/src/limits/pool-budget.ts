import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../clock/clock.js';
import { Limits } from './limits.config.js';
import { type Policy, RateLimited } from './rate-limited.js';

/** About 10 MB when full. The quietest pool is forgotten first, so a noisy one cannot hide behind many. */
const MAX_POOLS = 50_000;

export type PoolBudgetName = 'seats' | 'usage' | 'validate';

interface Window {
  calls: number;
  endsAt: number;
}

/**
 * What one pool or licence may call, apart from the general limits and apart from each other: a noisy validate
 * loop cannot keep a seat from beating. Counted in this process alone (each API process lets the same amount
 * through) and without waiting, for it stands on the hot path.
 */
@Injectable()
export class PoolBudget {
  private readonly windows = new LRUCache<string, Window>({ max: MAX_POOLS });

  constructor(
    private readonly limits: Limits,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts one call on a pool: a licence, for the tenant that the caller speaks for, so that whoever names another
   * tenant's licence spends nothing of it. The budget of `seats` grows with `seats`, the pool's size (Infinity: it
   * never ends).
   *
   * @throws RateLimited (429 `RATE_LIMITED`) when this window's budget is spent.
   */
  spend(
    { tenantId, licenseId }: { tenantId: string; licenseId: string },
    budget: PoolBudgetName = 'seats',
    seats = 0,
  ): void {
    const now = this.clock.now().getTime();
    const window = this.windowOf(`${budget} ${tenantId} ${licenseId}`, now);
    window.calls += 1;
    const limit = this.limitOf(budget, seats);
    if (window.calls <= limit) return;
    const { windowSeconds } = this.limits;
    const policy: Policy = { name: budget, budget, scope: 'pool', limit, windowSeconds };
    throw new RateLimited(policy, window.endsAt - now);
  }

  private windowOf(key: string, now: number): Window {
    const open = this.windows.get(key);
    const length = this.limits.windowSeconds * 1_000;
    // A clock set back must not keep a window open for longer than a window.
    if (open && open.endsAt > now && open.endsAt - now <= length) return open;
    const opened = { calls: 0, endsAt: now + length };
    this.windows.set(key, opened);
    return opened;
  }

  private limitOf(budget: PoolBudgetName, seats: number): number {
    if (budget === 'usage') return this.limits.usageReports;
    if (budget === 'validate') return this.limits.validations;
    return this.limits.seatCalls + seats * this.limits.seatCallsPerSeat;
  }
}
