import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { DomainError } from '#platform';
import { lowerPoolThreads } from './hash-threads.js';
import { concurrencyOf, PasswordsConfig } from './passwords.config.js';

const computed = new Counter({
  name: 'password_hashes_total',
  help: 'Hashes of passwords that were computed, to keep one or to compare.',
});
const refused = new Counter({
  name: 'password_hashes_refused_total',
  help: 'Hashes refused with 503 because too many were waiting.',
});

/** 503 `BUSY`: too many wait for something that costs a processor. */
export const busy = (): DomainError =>
  new DomainError('unavailable', 'BUSY', 'Too many are signing in or up at this moment; try again.', {
    retryAfterSeconds: 2,
  });

/**
 * Lets so many hashes be computed at a time and so many wait, first come first served, at a lower priority than
 * whatever else the process does. A storm of sign-ins so costs those who sign in, and nobody else: memory and
 * processors stay bounded.
 */
@Injectable()
export class HashQueue {
  private readonly concurrency: number;
  private readonly most: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  /** Threads that give way: the first hash has started them. */
  private threads?: number;

  constructor(config: PasswordsConfig) {
    this.concurrency = concurrencyOf(config);
    this.most = config.queue;
  }

  /** Runs `work` when it is its turn. Throws 503 `BUSY` at once when the queue is full. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.concurrency) this.running++;
    else if (this.waiting.length >= this.most) {
      refused.inc();
      throw busy();
    } else await new Promise<void>((resolve) => this.waiting.push(resolve));
    computed.inc();
    try {
      return await work();
    } finally {
      this.threads ??= lowerPoolThreads();
      // Handed over instead of counted down, so that nobody who comes now overtakes who waits.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
