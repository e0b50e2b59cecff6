import type { Log } from '../telemetry/logger.js';
import { Loop } from './loop.js';

/** Half of the two seconds within which every process knows what was revoked, in ms. */
const LOOK_MS = 1_000;

interface LookoutOptions {
  /** What it does, for the log: "The look for ended sessions". */
  name: string;
  /** Takes up what transactions from `from` on have changed, and gives the oldest that was still running then. */
  look: (from: string) => Promise<string>;
  log: Log;
}

/**
 * Keeps a serving process informed of what others write, by a look into Postgres each second, so that no request has to
 * ask. A transaction's number is given when it begins and its change seen when it commits: whoever asked for "greater
 * than the last one seen" would miss the slow ones. So a look may find again what was found before.
 */
export class Lookout {
  private readonly loop: Loop;
  /** Transactions from this one on may not have been seen. */
  private from = '0';

  constructor(private readonly options: LookoutOptions) {
    const { name, log } = options;
    this.loop = new Loop({ name, turn: () => this.look(), idleMs: LOOK_MS, log });
  }

  /** One look; the first one before anything is served. */
  async look(): Promise<void> {
    this.from = await this.options.look(this.from);
  }

  start(): void {
    this.loop.start();
  }

  /** Begins no further look and waits for the one that runs. */
  stop(): Promise<void> {
    return this.loop.stop();
  }
}
