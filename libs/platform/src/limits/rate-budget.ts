import type { LimitStore } from './limit-store.js';
import { type Policy, RateLimited } from './rate-limited.js';

/** What is left of a budget after a call that passed. */
export interface Spent {
  remaining: number;
  /** Whole seconds until the window ends. */
  seconds: number;
}

/** A quarter of the limit may be called in vain before the wait grows: clients have calls in flight. */
const PATIENCE = 4;
/** For so many windows after a wait has ended its length is remembered. */
const MEMORY_WINDOWS = 2;

/**
 * A budget that all processes share: fixed windows, each opened by its first call.
 *
 * With `backOffMaxSeconds`, whoever keeps calling while refused waits longer: each quarter of the limit that was
 * called in vain starts the wait anew, twice as long, up to that bound. A client that keeps the wait and then
 * spends its budget again waits half as long as last time, and after two windows without a refusal all is
 * forgotten. One that obeys Retry-After from the start never waits longer than the window.
 */
export class RateBudget {
  private readonly patience: number;
  private readonly topLevel: number;

  constructor(
    private readonly store: LimitStore,
    readonly policy: Policy,
    private readonly backOffMaxSeconds = 0,
  ) {
    this.patience = Math.ceil(policy.limit / PATIENCE);
    this.topLevel = Math.max(0, Math.ceil(Math.log2(backOffMaxSeconds / policy.windowSeconds)));
  }

  /** Counts one call of `key`. Throws {@link RateLimited} when the budget of this window is spent. */
  async spend(key: string): Promise<Spent> {
    const { limit, budget, scope } = this.policy;
    const name = `${budget}:${scope}:${key}`;
    const { points, endsInMs } = await this.store.count(name);
    if (points <= limit) return { remaining: limit - points, seconds: Math.ceil(endsInMs / 1_000) };

    const refused = points - limit;
    const steps = this.topLevel > 0 && (refused - 1) % this.patience === 0;
    throw new RateLimited(this.policy, steps ? await this.step(name, refused === 1, endsInMs) : endsInMs);
  }

  /** Moves the level down at the first refusal after a wait, else up. Gives the wait in ms. */
  private async step(name: string, isFirst: boolean, endsInMs: number): Promise<number> {
    const before = await this.store.read(`${name}:level`);
    if (isFirst && before === 0) return endsInMs;

    const { limit, windowSeconds } = this.policy;
    const level = isFirst ? before - 1 : Math.min(before + 1, this.topLevel);
    const seconds = Math.min(windowSeconds * 2 ** level, this.backOffMaxSeconds);
    const remembering = this.store.write(`${name}:level`, level, seconds + MEMORY_WINDOWS * windowSeconds);
    if (level === 0) {
      await remembering;
      return endsInMs;
    }
    await Promise.all([remembering, this.store.write(name, limit + 1, seconds)]);
    return seconds * 1_000;
  }
}
