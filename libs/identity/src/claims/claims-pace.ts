import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Budgets } from '../accounts/budgets.js';

/** Firebase takes ten updates of accounts a second from a project; a few are left to others. */
const WRITES_PER_SECOND = 8;
/** Then the event comes again later: those that wait must not hold all of the worker. */
const PATIENCE_MS = 5_000;

/** Keeps all workers together within what the issuer takes, when a change concerns many people at once. */
@Injectable()
export class ClaimsPace {
  constructor(private readonly budgets: Budgets) {}

  /** Waits for a turn. Throws when none comes within five seconds. */
  async turn(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const waitMs = await this.budgets.take('claims', 'writes', WRITES_PER_SECOND, 1);
      if (waitMs === 0) return;
      if (performance.now() + waitMs > deadline)
        throw new Error('Too many claims are being written at this moment.');
      await pause(waitMs);
    }
  }
}
