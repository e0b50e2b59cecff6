import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError, newId, type RecordedEvent, SystemDatabase } from '#platform';

/** What operators did to billing as a whole. What they did to one tenant stands in the trail of that tenant, too. */
@Injectable()
export class OperatorLog {
  constructor(
    private readonly database: SystemDatabase,
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /** Before it is done: what cannot be told is not done. */
  async append({ id, reason }: Actor, action: string, details: Record<string, unknown>): Promise<void> {
    await this.database.query(
      'insert into billing.operator_log (id, at, operator, reason, action, details) values ($1, $2, $3, $4, $5, $6)',
      [newId('opl'), this.clock.now(), id ?? '', reason ?? '', action, JSON.stringify(details)],
    );
  }

  /** In the trail of the actor's tenant; nobody reads that of one who is gone. */
  async tell(actor: Actor, happened: RecordedEvent): Promise<void> {
    try {
      await this.db.transaction(actor, () => Promise.resolve(this.db.record([happened])));
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'TENANT_DELETED')) throw error;
    }
  }
}
