import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '#platform';

/** An event of Stripe's that a worker has taken on, for a while. */
export interface TakenEvent {
  id: string;
  type: string;
  payload: string;
  traceId: string;
  /** With this one. */
  attempts: number;
}

export type Settled = 'applied' | 'ignored' | 'dead';

/**
 * What is left to apply, for any number of workers: a row that one has taken, no other takes before the time it was given
 * is over, by Postgres's clock. Attempts are counted before they are made, so that one that ends the process counts.
 */
@Injectable()
export class StripeInbox {
  constructor(private readonly database: SystemDatabase) {}

  /** Up to `batch` events, for `leaseMs`. */
  async take(batch: number, leaseMs: number): Promise<TakenEvent[]> {
    return this.database.query<TakenEvent>(
      `update billing.stripe_events set attempts = attempts + 1, next_at = ${IN_MS('$2')}
       where id in (
         select id from billing.stripe_events where status = 'received' and next_at <= clock_timestamp()
         order by next_at limit $1 for update skip locked)
       returning id, type, payload, trace_id as "traceId", attempts`,
      [batch, leaseMs],
    );
  }

  /** What became of them, for good: only a replay brings them back. */
  async settle(
    ids: readonly string[],
    status: Settled,
    { tenantId = null, failure = null }: { tenantId?: string | null; failure?: string | null } = {},
  ): Promise<void> {
    await this.database.query(
      `update billing.stripe_events set status = $2, tenant_id = $3, failure = $4, settled_at = clock_timestamp()
       where id = any ($1) and status = 'received'`,
      [ids, status, tenantId, failure],
    );
  }

  /** Again after `waitMs`. `counts`: false takes the attempt back, for what was not the event's fault. */
  async postpone(ids: readonly string[], waitMs: number, failure: string, counts: boolean): Promise<void> {
    await this.database.query(
      `update billing.stripe_events set next_at = ${IN_MS('$2')}, failure = $3,
         attempts = attempts - case when $4 then 0 else 1 end
       where id = any ($1) and status = 'received'`,
      [ids, waitMs, failure, counts],
    );
  }

  /** A number that is higher than any drawn before. Whoever draws before looking cannot replace a later look. */
  async drawTicket(): Promise<number> {
    const [row] = await this.database.query<{ ticket: string }>(
      `select nextval('billing.tickets') as ticket`,
    );
    return Number(row!.ticket);
  }

  /** Whose customer it is; null: nobody's that we know. */
  async tenantOf(customerId: string): Promise<string | null> {
    const [row] = await this.database.query<{ tenant_id: string }>(
      'select tenant_id from billing.stripe_customers where customer_id = $1',
      [customerId],
    );
    return row?.tenant_id ?? null;
  }

  /** Somebody looks at those customers that are somebody's here as soon as a worker is free. */
  async hasten(customerIds: readonly string[], now: Date): Promise<void> {
    await this.database.query(
      'update billing.accounts set due_at = $2, due_attempts = 0 where customer_id = any ($1)',
      [customerIds, now],
    );
  }

  /**
   * Up to `batch` tenants whose standing time alone may have changed; again after `leaseMs`, if nobody looks. Without a
   * customer: they have a contract alone.
   */
  async takeDue(
    now: Date,
    batch: number,
    leaseMs: number,
  ): Promise<{ tenantId: string; customerId: string | null }[]> {
    return this.database.query<{ tenantId: string; customerId: string | null }>(
      `update billing.accounts set due_attempts = due_attempts + 1,
         due_at = $1::timestamptz + least(power(2, due_attempts), 60) * $3 * interval '1 millisecond'
       where tenant_id in (
         select tenant_id from billing.accounts where due_at <= $1
         order by due_at limit $2 for update skip locked)
       returning tenant_id as "tenantId", customer_id as "customerId"`,
      [now, batch, leaseMs],
    );
  }
}

const IN_MS = (ms: string) => `clock_timestamp() + ${ms}::int * interval '1 millisecond'`;
