import { Injectable } from '@nestjs/common';
import {
  Actor,
  BackgroundLoop,
  Clock,
  type ClosedTenant,
  ClosedTenants,
  Db,
  Log,
  newId,
  type TenantEraser,
} from '#platform';
import { DeclaredRecords } from '../exports/make-export.js';
import { EndingTenants } from '../persistence/ending-tenants.js';
import { Tenants } from '../persistence/tenants.js';

const LOOK_MS = 1_000;
const FAILED_MAX_MS = 60_000;
/** How long a tenant rests that could not go on. */
const REST_MS = 60_000;
/** Rows in one transaction: locks are short, and a worker that is killed has little to do again. */
const BATCH = 1_000;
/** What is still on its way by then is not waited for: a handler that has failed all day long. */
const WAIT_MS = 86_400_000;
/** No transaction that began before a tenant was closed lasts as long: Postgres ends those that idle for 30 s. */
const LAST_LOOK_MS = 60_000;

/** What contexts keep of tenants outside Postgres, as the worker puts it together. */
export class TenantErasers {
  constructor(readonly all: readonly TenantEraser[]) {}
}

/**
 * Ends tenants whose time has come. Each step can be repeated, by any worker, from wherever another was killed:
 *
 * 1. The tenant is over: every process refuses it, its people are let go, and its last event is told.
 * 2. Its events are let land, handlers and mails and trail: nothing of that could be done later.
 * 3. It is closed: from then on no transaction sees or writes a row of it, whoever begins one.
 * 4. Everything is erased, and once more when no transaction of before can be running: docs/decisions/tenant-deletion.md.
 */
@Injectable()
export class EndTenants extends BackgroundLoop {
  /** Of which this process has seen every table empty. */
  private readonly emptied = new Set<string>();
  /** Until when those rest that could not go on, epoch ms. */
  private readonly resting = new Map<string, number>();

  constructor(
    private readonly db: Db,
    private readonly tenants: Tenants,
    private readonly ending: EndingTenants,
    private readonly closed: ClosedTenants,
    private readonly records: DeclaredRecords,
    private readonly erasers: TenantErasers,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super({ name: 'The end of tenants', idleMs: LOOK_MS, failedMaxMs: FAILED_MAX_MS, log });
  }

  async turn(): Promise<void> {
    for (const tenantId of await this.ending.due(this.clock.now()))
      await this.step(tenantId, () => this.end(tenantId));
    for (const { tenantId, endedAt } of await this.ending.ended())
      await this.step(tenantId, () => this.close(tenantId, endedAt));
    for (const tenant of await this.closed.unfinished())
      await this.step(tenant.tenantId, () => this.erase(tenant));
  }

  /** What cannot go on keeps nobody behind it waiting. */
  private async step(tenantId: string, go: () => Promise<void>): Promise<void> {
    const now = this.clock.now().getTime();
    if ((this.resting.get(tenantId) ?? 0) > now) return;
    this.resting.delete(tenantId);
    await go().catch((error: unknown) => {
      this.resting.set(tenantId, now + REST_MS);
      this.log.error({ error, tenant_id: tenantId }, 'A tenant could not be ended now; it is tried again.');
    });
  }

  private async end(tenantId: string): Promise<void> {
    await this.db.transaction(Actor.system(tenantId, newId('end')), async () => {
      const tenant = await this.tenants.tryLock(tenantId);
      // Asked again under the lock: somebody may have taken it back just now, or another worker was faster.
      if (!tenant?.end(this.clock.now())) return;
      // With this Postgres takes it off its people, before anybody hears of it: what is then said of them, of their
      // tokens for one, is of where they are left.
      await this.tenants.save(tenant);
    });
  }

  private async close(tenantId: string, endedAt: Date): Promise<void> {
    const waited = this.clock.now().getTime() - endedAt.getTime();
    if (waited < WAIT_MS && (await this.closed.hasEventsInFlight(tenantId))) return;
    await this.closed.close(tenantId);
  }

  private async erase({ tenantId, closedAt }: ClosedTenant): Promise<void> {
    const isLast = this.clock.now().getTime() - closedAt.getTime() >= LAST_LOOK_MS;
    if (!isLast && this.emptied.has(tenantId)) return;
    for (const eraser of this.erasers.all) await eraser.erase(tenantId);
    // What refers to others goes first.
    for (const { table } of this.records.all.toReversed()) {
      while ((await this.closed.erase(tenantId, table, BATCH)) === BATCH);
    }
    this.emptied.add(tenantId);
    if (!isLast) return;
    await this.closed.finish(tenantId);
    this.emptied.delete(tenantId);
    this.log.info({ tenant_id: tenantId }, 'A tenant has been erased.');
  }
}
