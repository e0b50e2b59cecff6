import { Injectable } from '@nestjs/common';
import { Actor, BackgroundLoop, Db, Log, newId, SystemDatabase } from '#platform';
import type { PlanLimits } from '../domain/tenant.js';
import { FollowPlan } from '../use-cases/follow-plan.js';

const HOUR_MS = 3_600_000;
/** Tenants of one turn: a worker that stops waits for no more. */
const PAGE = 100;

type Row = PlanLimits & { tenantId: string };

/**
 * Finds tenants whose plan or limits are not what their licence says, when the worker starts and once an hour: those from
 * before there were limits, those whose plan was sold anew (`plans apply`), and those whose override has run out. Nothing
 * tells an event of these.
 */
@Injectable()
export class PlanUpkeep extends BackgroundLoop {
  private after = '';

  constructor(
    private readonly db: Db,
    private readonly system: SystemDatabase,
    private readonly followPlan: FollowPlan,
    private readonly log: Log,
  ) {
    super({ name: 'The look at what licences let in', idleMs: HOUR_MS, log });
  }

  /** A page of tenants; true when there are more. */
  async turn(): Promise<boolean> {
    const page = await this.page(this.after);
    for (const row of page) await this.look(row).catch((error: unknown) => this.failed(row, error));
    const isMore = page.length === PAGE;
    this.after = isMore ? page.at(-1)!.tenantId : '';
    return isMore;
  }

  private page(after: string): Promise<Row[]> {
    return this.system.query<Row & Record<string, unknown>>(
      `select tenant_id as "tenantId", plan, max_seats as "maxSeats", max_members as "maxMembers" from tenancy.tenants
       where tenant_id > $1 and status <> 'deleted' order by tenant_id limit $2`,
      [after, PAGE],
    );
  }

  /** Locks only a tenant of which something has to be changed. */
  private async look({ tenantId, plan, maxSeats, maxMembers }: Row): Promise<void> {
    const trace = newId('pln');
    const limits = await this.followPlan.limitsOf(tenantId, trace);
    if (limits.plan === plan && limits.maxSeats === maxSeats && limits.maxMembers === maxMembers) return;
    await this.db.transaction(Actor.system(tenantId, trace), () => this.followPlan.execute(tenantId, trace));
  }

  /** The others are looked at all the same; this one with the next turn. */
  private failed({ tenantId }: Row, error: unknown): void {
    this.log.warn({ err: error, tenant_id: tenantId }, 'A tenant does not follow its licence.');
  }
}
