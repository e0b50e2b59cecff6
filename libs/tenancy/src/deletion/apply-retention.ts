import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Actor, Clock, Db, Log, Loop, newId, occurred, SystemDatabase, unlessClosed } from '#platform';
import { RetentionApplied } from '../events/index.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Rows in one transaction. */
const BATCH = 1_000;

interface Due {
  tenantId: string;
  days: number;
}

/**
 * Removes what tenants keep no longer than their days: entries of the trail, login sessions that have ended, and
 * invitations. Once a day for each tenant, in the worker. Which tables, Postgres knows: platform.erasure_rules.
 */
@Injectable()
export class ApplyRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(
    private readonly db: Db,
    private readonly system: SystemDatabase,
    private readonly clock: Clock,
    log: Log,
  ) {
    const turn = () => this.turn();
    this.loop = new Loop({
      name: 'The removal of what tenants keep no longer',
      turn,
      idleMs: HOUR_MS,
      failedMaxMs: HOUR_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** True when there may be more tenants. */
  async turn(): Promise<boolean> {
    const now = this.clock.now();
    const due = await this.due(now);
    for (const one of due) await this.apply(one, now).catch(unlessClosed);
    return due.length > 0;
  }

  private due(now: Date): Promise<Due[]> {
    return this.system.query<Due & { tenantId: string }>(
      `select tenant_id as "tenantId", retention_days as days from tenancy.tenants
       where retention_days is not null and status <> 'deleted'
         and (retention_applied_at is null or retention_applied_at < $1)
       order by tenant_id limit 100`,
      [new Date(now.getTime() - DAY_MS)],
    );
  }

  private async apply({ tenantId, days }: Due, now: Date): Promise<void> {
    const actor = Actor.system(tenantId, newId('ret'));
    const isMine = await this.db.transaction(actor, () => this.claim(now));
    if (!isMine) return;
    const removed = await this.remove(tenantId, new Date(now.getTime() - days * DAY_MS));
    if (removed.length === 0) return;
    await this.db.transaction(actor, () => {
      this.db.record([occurred(RetentionApplied, { tenantId, days, removed }, now)]);
      return Promise.resolve();
    });
  }

  /** Of several workers one does it. */
  private async claim(now: Date): Promise<boolean> {
    const rows = await this.db.query(
      `update tenancy.tenants set retention_applied_at = $2
       where tenant_id = $1 and (retention_applied_at is null or retention_applied_at < $3) returning 1`,
      [this.db.actor.tenantId, now, new Date(now.getTime() - DAY_MS)],
    );
    return rows.length === 1;
  }

  private async remove(tenantId: string, before: Date): Promise<{ table: string; rows: number }[]> {
    const totals = new Map<string, number>();
    for (let isMore = true; isMore;) {
      const batch = await this.system.query<{ parent: string; removed: number }>(
        'select parent, removed from platform.forget_old_rows($1, $2, $3)',
        [tenantId, before, BATCH],
      );
      for (const { parent, removed } of batch) totals.set(parent, (totals.get(parent) ?? 0) + removed);
      isMore = batch.some((one) => one.removed === BATCH);
    }
    return [...totals].filter(([, rows]) => rows > 0).map(([table, rows]) => ({ table, rows }));
  }
}
