import { Injectable } from '@nestjs/common';
import { BackgroundLoop, Log, SystemDatabase } from '#platform';
import { SweepUnverified } from '../use-cases/sweep-unverified.js';
import { AccountUpkeepConfig } from './upkeep.config.js';

const HOUR_MS = 3_600_000;

/** What the worker forgets by and by: old attempts to sign in, and accounts that nobody ever verified. */
@Injectable()
export class AccountUpkeep extends BackgroundLoop {
  constructor(
    private readonly database: SystemDatabase,
    private readonly config: AccountUpkeepConfig,
    private readonly sweepUnverified: SweepUnverified,
    log: Log,
  ) {
    super({ name: 'The upkeep of accounts', idleMs: HOUR_MS, log });
  }

  /** True when there is more to do at once. */
  async turn(): Promise<boolean> {
    await this.database.query('select identity.prune_login_events($1)', [this.config.loginEventsDays]);
    return this.sweepUnverified.execute();
  }
}
