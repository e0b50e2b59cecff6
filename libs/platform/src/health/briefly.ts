import type { Clock } from '../clock/clock.js';

/**
 * Keeps the result of `work` for `keepMs`, and lets those who ask meanwhile share the one that runs: a storm of
 * probes costs as much as one probe.
 */
export class Briefly<T> {
  private last?: { result: Promise<T>; endedAt?: number };

  constructor(
    private readonly clock: Clock,
    private readonly keepMs: number,
    private readonly work: () => Promise<T>,
  ) {}

  /** What `work` gave last, when that is fresh; else what it gives now. */
  get(): Promise<T> {
    if (this.last && this.isFresh(this.last.endedAt)) return this.last.result;
    const mine: { result: Promise<T>; endedAt?: number } = { result: this.work() };
    const ended = () => {
      mine.endedAt = this.clock.now().getTime();
    };
    mine.result.then(ended, ended);
    this.last = mine;
    return mine.result;
  }

  private isFresh(endedAt: number | undefined): boolean {
    if (endedAt === undefined) return true;
    const age = this.clock.now().getTime() - endedAt;
    // A clock set back must not keep an old result for hours.
    return age >= 0 && age < this.keepMs;
  }
}
