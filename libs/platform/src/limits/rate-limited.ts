import { Counter } from 'prom-client';
import { DomainError } from '../errors/domain-error.js';

/** One limit: so many calls in a window, for each key of a scope. */
export interface Policy {
  /** As the RateLimit headers call it. */
  name: string;
  /** As the metrics call it, with the scope. */
  budget: 'general' | 'seats' | 'usage' | 'validate' | 'guess';
  scope: 'user' | 'address' | 'global' | 'pool';
  limit: number;
  windowSeconds: number;
}

const refusals = new Counter({
  name: 'rate_limited_total',
  help: 'Calls refused with 429 because a budget was spent.',
  labelNames: ['budget', 'scope'] as const,
});

/** An item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, section 3). */
export const policyItem = (policy: Policy): string =>
  `"${policy.name}";q=${policy.limit};w=${policy.windowSeconds}`;

/** An item of `RateLimit` (same draft, section 4): what is left, and for how many seconds. */
export const limitItem = (policy: Policy, remaining: number, seconds: number): string =>
  `"${policy.name}";r=${remaining};t=${seconds}`;

/** 429 `RATE_LIMITED`, counted when it is made. Leaves with Retry-After and the RateLimit headers. */
export class RateLimited extends DomainError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(policy: Policy, waitMs: number) {
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
    super('too_many', 'RATE_LIMITED', `Too many calls; try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
      details: { limit: policy.limit, windowSeconds: policy.windowSeconds, retryAfterSeconds },
    });
    this.headers = {
      'ratelimit-policy': policyItem(policy),
      // Section 6 of the draft: Retry-After must not lie before the end of the effective window.
      ratelimit: limitItem(policy, 0, retryAfterSeconds),
    };
    refusals.inc({ budget: policy.budget, scope: policy.scope });
  }
}
