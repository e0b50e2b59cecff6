import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../telemetry/logger.js';

export interface LoopOptions {
  /** What it does, for the log: "The relay". */
  name: string;
  /** One turn; true when there is more to do at once. */
  turn: () => Promise<boolean | void>;
  /** The pause after a turn that found no more, in ms. */
  idleMs: number;
  /** The longest pause after turns that failed, in ms; `idleMs` when left out. */
  failedMaxMs?: number;
  log: Log;
}

const FAILED_MS = 200;

/** Repeats one piece of work until it is stopped. A turn that fails is tried again, less and less often. */
export class Loop {
  private readonly ending = new AbortController();
  private running?: Promise<void>;
  private failures = 0;

  constructor(private readonly options: LoopOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Begins no further turn and waits for the one that runs. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      const waitMs = await this.turn();
      if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async turn(): Promise<number> {
    const { name, turn, idleMs, failedMaxMs = idleMs, log } = this.options;
    try {
      const more = await turn();
      if (this.failures > 0) log.info({ failures: this.failures }, `${name} works again.`);
      this.failures = 0;
      return more ? 0 : idleMs;
    } catch (error) {
      this.failures += 1;
      // The first failure tells what is wrong; the many after it would hide everything else.
      if (this.failures === 1) log.warn({ error }, `${name} failed and tries again.`);
      return Math.min(failedMaxMs, FAILED_MS * 2 ** (this.failures - 1));
    }
  }
}
