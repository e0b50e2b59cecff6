import { Injectable } from '@nestjs/common';
import { inMs, newId, SystemDatabase } from '#platform';

/** A customer at Stripe whom nobody may go on billing. */
export interface Ending {
  customerId: string;
  key: string;
  /** With this one. */
  attempts: number;
}

/** Whose billing has to end; they outlive the rows of their tenants, and are gone when it has ended. */
@Injectable()
export class Endings {
  constructor(private readonly database: SystemDatabase) {}

  /** Once, however often it is said. */
  async begin(customerId: string, now: Date): Promise<void> {
    await this.database.query(
      'insert into billing.endings (customer_id, key, asked_at) values ($1, $2, $3) on conflict do nothing',
      [customerId, newId('wrt'), now],
    );
  }

  /** Those of a tenant whose rows are about to be erased, and whom no transaction of its own sees any more. */
  async beginOf(tenantId: string, now: Date): Promise<void> {
    await this.database.query(
      `insert into billing.endings (customer_id, key, asked_at)
       select customer_id, $2, $3 from billing.accounts where tenant_id = $1 and customer_id is not null
       on conflict do nothing`,
      [tenantId, newId('wrt'), now],
    );
  }

  /** Up to `batch` that are due, for `leaseMs` by Postgres's clock: of a worker that was killed another takes over. */
  async take(batch: number, leaseMs: number): Promise<Ending[]> {
    return this.database.query<Ending & { [column: string]: unknown }>(
      `update billing.endings set attempts = attempts + 1, next_at = ${inMs('$2')}
       where customer_id in (
         select customer_id from billing.endings where next_at <= clock_timestamp()
         order by next_at limit $1 for update skip locked)
       returning customer_id as "customerId", key, attempts`,
      [batch, leaseMs],
    );
  }

  async postpone(customerId: string, waitMs: number, failure: string): Promise<void> {
    await this.database.query(
      `update billing.endings set next_at = ${inMs('$2')}, failure = $3 where customer_id = $1`,
      [customerId, waitMs, failure],
    );
  }

  /** Nothing of it is billed any more. */
  async finish(customerId: string): Promise<void> {
    await this.database.query('delete from billing.endings where customer_id = $1', [customerId]);
  }
}
