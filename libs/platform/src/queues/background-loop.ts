import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Loop, type LoopOptions } from './loop.js';

/**
 * Work that a process repeats by itself for as long as it runs: it begins when everything is there, and the turn that runs
 * has ended before anything it needs is taken down. Its pauses and its failures are those of a {@link Loop}.
 */
export abstract class BackgroundLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  protected constructor(options: Omit<LoopOptions, 'turn'>) {
    this.loop = new Loop({ ...options, turn: () => this.turn() });
  }

  /** One turn; true when there is more to do at once. */
  abstract turn(): Promise<boolean | void>;

  /** Whether this process is one of those that do it. */
  protected get isOn(): boolean {
    return true;
  }

  onApplicationBootstrap(): void | Promise<void> {
    if (this.isOn) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}
