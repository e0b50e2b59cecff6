import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Log, Lookout } from '#platform';
import { StatusChanges } from '../persistence/status-changes.js';
import { SuspendedTenants } from './suspended-tenants.js';

/**
 * Keeps a serving process informed of organisations that are suspended, and of those that are no longer. No request
 * asks. While Postgres is away nobody can be suspended either, and what is known holds.
 */
@Injectable()
export class SuspensionWatch implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly lookout: Lookout;

  constructor(changes: StatusChanges, suspended: SuspendedTenants, log: Log) {
    const look = async (from: string) => {
      const { changes: found, nextFrom } = await changes.since(from);
      suspended.note(found);
      return nextFrom;
    };
    this.lookout = new Lookout({ name: 'The look for suspended organisations', look, log });
  }

  /** Nothing is served before it is known who is suspended. */
  onModuleInit(): Promise<void> {
    return this.lookout.look();
  }

  onApplicationBootstrap(): void {
    this.lookout.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.lookout.stop();
  }
}
