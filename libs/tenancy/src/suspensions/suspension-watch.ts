import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Log, Loop } from '#platform';
import { StatusChanges } from '../persistence/status-changes.js';
import { SuspendedTenants } from './suspended-tenants.js';

/** So often a process asks Postgres who was suspended, in ms: half of what a suspension may take. */
const LOOK_MS = 1_000;

/**
 * Keeps a serving process informed of organisations that are suspended, and of those that are no longer. No request
 * asks. While Postgres is away nobody can be suspended either, and what is known holds.
 */
@Injectable()
export class SuspensionWatch implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  /** Transactions from this one on may not have been seen. */
  private from = '0';

  constructor(
    private readonly changes: StatusChanges,
    private readonly suspended: SuspendedTenants,
    log: Log,
  ) {
    this.loop = new Loop({
      name: 'The look for suspended organisations',
      turn: () => this.look().then(() => false),
      idleMs: LOOK_MS,
      failedMaxMs: LOOK_MS,
      log,
    });
  }

  /** Nothing is served before it is known who is suspended. */
  async onModuleInit(): Promise<void> {
    await this.look();
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  private async look(): Promise<void> {
    const { changes, nextFrom } = await this.changes.since(this.from);
    this.suspended.note(changes);
    this.from = nextFrom;
  }
}
