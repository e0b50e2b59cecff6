import { Injectable } from '@nestjs/common';
import {
  Actor,
  BackgroundLoop,
  Clock,
  Db,
  Log,
  newId,
  occurred,
  SystemDatabase,
  unlessClosed,
} from '#platform';
import { RetentionApplied } from '../events/index.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Rows of each table in one transaction. */
const BATCH = 1_000;
/** Rows of each table that one entry of the trail tells of. */
const TOLD = 50_000;

interface Due {
  tenantId: string;
  days: number;
}

interface Removed {
  table: string;
  rows: number;
}

/**
 * Removes what tenants keep no longer than their days: entries of the trail, login sessions that have ended, and
 * invitations that have ended or run out. Once a day for each tenant, in the worker. Which tables, Postgres knows: platform.erasure_rules.
 */
@Injectable()
export class ApplyRetention extends BackgroundLoop {
  constructor(
    private readonly db: Db,
    private readonly system: SystemDatabase,
    private readonly clock: Clock,
    log: Log,
  ) {
    super({ name: 'The removal of what tenants keep no longer', idleMs: HOUR_MS, log });
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
    for (;;) {
      const removed = await this.forget(tenantId, { batch: TOLD, dry: true });
      if (removed.length === 0) return;
      // Told first: whoever is killed in between has told of too much, never removed what nobody was told of.
      await this.db.transaction(actor, () => {
        this.db.record([occurred(RetentionApplied, { tenantId, days, removed }, now)]);
        return Promise.resolve();
      });
      await this.remove(tenantId, new Map(removed.map(({ table, rows }) => [table, rows])));
    }
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

  /** As many rows as were told of, and no more than a batch of what has grown old meanwhile. */
  private async remove(tenantId: string, told: Map<string, number>): Promise<void> {
    while ([...told.values()].some((rows) => rows > 0)) {
      const gone = await this.forget(tenantId, { batch: BATCH, dry: false });
      if (gone.length === 0) return;
      for (const { table, rows } of gone) told.set(table, (told.get(table) ?? 0) - rows);
    }
  }

  private async forget(
    tenantId: string,
    { batch, dry }: { batch: number; dry: boolean },
  ): Promise<Removed[]> {
    const rows = await this.system.query<Removed & { table: string }>(
      'select parent as "table", removed as "rows" from platform.forget_old_rows($1, $2, $3) where removed > 0',
      [tenantId, batch, dry],
    );
    return rows;
  }
}
