import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Log, Loop, SystemDatabase } from '#platform';
import { SweepUnverified } from '../use-cases/sweep-unverified.js';
import { AccountUpkeepConfig } from './upkeep.config.js';

const HOUR_MS = 3_600_000;

/** What the worker forgets by and by: old attempts to sign in, and accounts that nobody ever verified. */
@Injectable()
export class AccountUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(
    private readonly database: SystemDatabase,
    private readonly config: AccountUpkeepConfig,
    private readonly sweepUnverified: SweepUnverified,
    log: Log,
  ) {
    this.loop = new Loop({
      name: 'The upkeep of accounts',
      turn: () => this.turn(),
      idleMs: HOUR_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** True when there is more to do at once. */
  private async turn(): Promise<boolean> {
    await this.database.query('select identity.prune_login_events($1)', [this.config.loginEventsDays]);
    return this.sweepUnverified.execute();
  }
}
