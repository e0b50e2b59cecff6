import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Clock, Log } from '#platform';
import { StreamEvents } from '../persistence/stream-events.js';
import { BillingStreamKeepConfig } from './stream.config.js';

const HOUR_MS = 3_600_000;
const EVERY_MS = 60_000;
const BATCH = 1_000;

/** Forgets what is too old to be resumed from. Runs in the workers that are told to. */
@Injectable()
export class ForgetStream extends BackgroundLoop {
  constructor(
    private readonly events: StreamEvents,
    private readonly config: BillingStreamKeepConfig,
    private readonly clock: Clock,
    log: Log,
  ) {
    super({ name: 'The forgetting of the billing stream', idleMs: EVERY_MS, log });
  }

  protected override get isOn(): boolean {
    return this.config.isOn;
  }

  turn(): Promise<boolean> {
    const keptSince = new Date(this.clock.now().getTime() - this.config.hours * HOUR_MS);
    return this.events.forget(keptSince, BATCH);
  }
}
