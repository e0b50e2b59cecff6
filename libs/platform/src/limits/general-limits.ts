import { Injectable } from '@nestjs/common';
import { addressKey } from './address-key.js';
import { LimitStore } from './limit-store.js';
import { Limits } from './limits.config.js';
import { RateBudget, type Spent } from './rate-budget.js';
import { limitItem, policyItem } from './rate-limited.js';

const EVERYBODY = 'everybody';

/** The header fields of an answer, by lower-case name. */
export interface RateHeaders {
  'ratelimit-policy': string;
  ratelimit: string;
}

/** The budgets of general calls: per user, per address, and of everybody together. The first one spent refuses. */
@Injectable()
export class GeneralLimits {
  private readonly user: RateBudget;
  private readonly address: RateBudget;
  private readonly global: RateBudget;

  constructor(store: LimitStore, limits: Limits) {
    const { windowSeconds, backOffMaxSeconds } = limits;
    const policy = (scope: 'user' | 'address' | 'global') =>
      ({ name: scope, budget: 'general', scope, limit: limits[scope], windowSeconds }) as const;
    this.user = new RateBudget(store, policy('user'), backOffMaxSeconds);
    this.address = new RateBudget(store, policy('address'), backOffMaxSeconds);
    // Without back-off: a minute too busy for everybody must not become five.
    this.global = new RateBudget(store, policy('global'));
  }

  /**
   * Counts a call by where it comes from. What one address is refused does not count for everybody: or else a
   * single caller could close the API. The global state is not told: it is nobody's business.
   */
  async spendByAddress(address: string): Promise<RateHeaders> {
    const spent = await this.address.spend(addressKey(address));
    await this.global.spend(EVERYBODY);
    return headersOf(this.address, spent);
  }

  /** Counts a call by who makes it. */
  async spendByUser(id: string): Promise<RateHeaders> {
    return headersOf(this.user, await this.user.spend(id));
  }
}

const headersOf = ({ policy }: RateBudget, { remaining, seconds }: Spent): RateHeaders => ({
  'ratelimit-policy': policyItem(policy),
  ratelimit: limitItem(policy, remaining, seconds),
});
