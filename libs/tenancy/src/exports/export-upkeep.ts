import { Injectable } from '@nestjs/common';
import { Actor, BackgroundLoop, Clock, Db, Log, occurred, unlessClosed } from '#platform';
import { ExportFailed } from '../events/index.js';
import { TenantExports } from '../persistence/tenant-exports.js';
import { ExportsConfig } from './exports.config.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Takes away files that are past their days, and gives up exports that nobody brings to an end. Runs in the worker. */
@Injectable()
export class ExportUpkeep extends BackgroundLoop {
  constructor(
    private readonly db: Db,
    private readonly exports: TenantExports,
    private readonly config: ExportsConfig,
    private readonly clock: Clock,
    log: Log,
  ) {
    super({ name: 'The upkeep of exports', idleMs: MINUTE_MS, log });
  }

  async turn(): Promise<void> {
    const now = this.clock.now();
    const ago = (days: number) => new Date(now.getTime() - days * DAY_MS);
    for (const { tenantId, id, isOpen } of await this.exports.old(ago(1), ago(this.config.keepDays), now)) {
      await this.db
        .transaction(Actor.system(tenantId, id), () =>
          isOpen ? this.giveUp(id, now) : this.exports.forget(id),
        )
        .catch(unlessClosed);
    }
  }

  private async giveUp(exportId: string, now: Date): Promise<void> {
    const userId = await this.exports.fail(exportId, 'INTERNAL', now);
    if (userId) this.db.record([occurred(ExportFailed, { exportId, userId, failure: 'INTERNAL' }, now)]);
  }
}
