import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Clock, ClosedTenants, Log, Lookout } from '#platform';
import { StatusChanges } from '../persistence/status-changes.js';
import { SuspendedTenants } from './suspended-tenants.js';

/** Longer than any token lives that an organisation may have left when it was closed, in ms. */
const LEFT_MS = 86_400_000;

/**
 * Keeps a serving process informed of organisations that are suspended, that are no longer, and that are over. No request
 * asks. While Postgres is away nobody can be suspended either, and what is known holds.
 */
@Injectable()
export class SuspensionWatch implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly lookout: Lookout;

  constructor(
    changes: StatusChanges,
    private readonly suspended: SuspendedTenants,
    private readonly closed: ClosedTenants,
    private readonly clock: Clock,
    log: Log,
  ) {
    const look = async (from: string) => {
      const { changes: found, nextFrom } = await changes.since(from);
      suspended.note(found);
      return nextFrom;
    };
    this.lookout = new Lookout({ name: 'The look for suspended organisations', look, log });
  }

  /** Nothing is served before it is known who is suspended. Of those that were erased no row can tell any more. */
  async onModuleInit(): Promise<void> {
    const erased = await this.closed.closedSince(new Date(this.clock.now().getTime() - LEFT_MS));
    this.suspended.note(erased.map((id) => ({ id, status: 'deleted' })));
    await this.lookout.look();
  }

  onApplicationBootstrap(): void {
    this.lookout.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.lookout.stop();
  }
}
