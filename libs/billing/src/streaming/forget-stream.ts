import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock, Log, Loop } from '#platform';
import { StreamEvents } from '../persistence/stream-events.js';
import { BillingStreamKeepConfig } from './stream.config.js';

const HOUR_MS = 3_600_000;
const EVERY_MS = 60_000;
const BATCH = 1_000;

/** Forgets what is too old to be resumed from. Runs in the worker; any number of them may. */
@Injectable()
export class ForgetStream implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(events: StreamEvents, config: BillingStreamKeepConfig, clock: Clock, log: Log) {
    const turn = () => events.forget(new Date(clock.now().getTime() - config.hours * HOUR_MS), BATCH);
    this.loop = new Loop({ name: 'The forgetting of the billing stream', turn, idleMs: EVERY_MS, log });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}
