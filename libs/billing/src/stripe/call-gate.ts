import { DomainError } from '#platform';

export interface CallGateOptions {
  /** Calls at a time. */
  max: number;
  /** How long a call may wait for its turn, in ms. */
  waitMs: number;
  /** After so many failures in a row nobody asks for a while. */
  failures: number;
  /** That while, in ms. */
  restMs: number;
  now: () => number;
}

interface Waiting {
  begin: () => void;
  timer: NodeJS.Timeout;
}

/**
 * Keeps a slow or broken neighbour from taking the process along: so many calls at a time, a short wait for more, and
 * none for a while after several failed in a row; then one tries, and the others follow if it went well.
 */
export class CallGate {
  private running = 0;
  private failed = 0;
  private closedUntil = 0;
  private readonly queue: Waiting[] = [];

  constructor(private readonly options: CallGateOptions) {}

  /** Whether a call may begin now. */
  get isOpen(): boolean {
    return this.closedUntil <= this.options.now();
  }

  /** Throws 503 `BILLING_UNAVAILABLE` for what cannot begin; else what `call` throws. `isOutage`: whether that counts. */
  async run<T>(call: () => Promise<T>, isOutage: (error: unknown) => boolean): Promise<T> {
    const { now, failures, restMs } = this.options;
    if (!this.isOpen) throw unavailable(Math.ceil((this.closedUntil - now()) / 1_000));
    // Whoever comes first after the rest tries alone.
    if (this.failed >= failures) this.closedUntil = now() + restMs;
    await this.begin();
    try {
      const result = await call();
      this.recover();
      return result;
    } catch (error) {
      if (!isOutage(error)) this.recover();
      else if (++this.failed >= failures) this.closedUntil = now() + restMs;
      throw error;
    } finally {
      this.end();
    }
  }

  private recover(): void {
    this.failed = 0;
    this.closedUntil = 0;
  }

  private begin(): Promise<void> {
    if (this.running < this.options.max) {
      this.running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        begin: resolve,
        timer: setTimeout(() => {
          this.queue.splice(this.queue.indexOf(waiting), 1);
          reject(unavailable(1));
        }, this.options.waitMs),
      };
      this.queue.push(waiting);
    });
  }

  /** The place goes to who waits longest. */
  private end(): void {
    const next = this.queue.shift();
    if (!next) {
      this.running -= 1;
      return;
    }
    clearTimeout(next.timer);
    next.begin();
  }
}

/** 503: Stripe cannot be asked, or does not answer. */
export const unavailable = (retryAfterSeconds: number, cause?: unknown): DomainError =>
  new DomainError('unavailable', 'BILLING_UNAVAILABLE', 'Payments cannot be reached now; try again.', {
    retryAfterSeconds: Math.max(1, retryAfterSeconds),
    cause,
  });
