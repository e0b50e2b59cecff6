import type { ClientTime } from '../client/platform.js';

interface Timer {
  at: number;
  work: () => void;
}

/** A clock that stands until it is moved, and timers that go by it. */
export class FakeTime implements ClientTime {
  /** What the machine's clock is off by, ms: a timer does not mind. */
  skew = 0;
  private passed = Date.parse('2026-03-01T12:00:00Z');
  private timers: Timer[] = [];

  readonly now = () => this.passed + this.skew;
  /** The real time. */
  readonly truth = () => this.passed;
  readonly random = () => 0.5;

  readonly after = (ms: number, work: () => void) => {
    const timer = { at: this.passed + ms, work };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  };

  get pending(): number {
    return this.timers.length;
  }

  /** Lets so many ms pass; what falls due happens in its order, each with all that follows from it. */
  async pass(ms: number): Promise<void> {
    const end = this.passed + ms;
    await settled();
    for (;;) {
      const next = this.timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.passed = Math.max(this.passed, next.at);
      next.work();
      await settled();
    }
    this.passed = end;
  }
}

/** When every promise that could go on has gone on. What is tested with it does no input and output of its own. */
async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise(setImmediate);
}
