import { Injectable } from '@nestjs/common';
import { inMs, SystemDatabase } from '#platform';

/** An event of Stripe's that a worker has taken on, for a while. */
export interface TakenEvent {
  id: string;
  type: string;
  payload: string;
  traceId: string;
  /** Whom it names itself, or Stripe has named before; null: nobody. */
  customerId: string | null;
  /** Every attempt that was ever begun, with this one: whoever holds an older one has lost the event. */
  attempts: number;
  /** Those that count, with this one. */
  tries: number;
  /** The attempt before has left no word: it may have ended its process, so nothing goes along with it. */
  isAlone: boolean;
}

type Held = Pick<TakenEvent, 'id' | 'attempts'>;

/** A tenant whose standing time alone may have changed. */
export interface Due {
  tenantId: string;
  customerId: string | null;
}

export type Settled = 'applied' | 'ignored' | 'dead';

export interface Settling {
  /** Left out: whose customer it is. */
  tenantId?: string | null;
  customerId?: string | null;
  failure?: string | null;
  /** Nothing of what Stripe said stays: it is about an organisation that is gone, or about nobody here. */
  isForgotten?: boolean;
}

/**
 * What is left to apply, for any number of workers: a row that one has taken, no other takes before the time it was given
 * is over, by Postgres's clock. Attempts are counted before they are made, so that one that ends the process counts; what
 * an attempt has come to is taken from the one that is counted last alone.
 */
@Injectable()
export class StripeInbox {
  constructor(private readonly database: SystemDatabase) {}

  /** Up to `batch` events, for `leaseMs`: those that wait longest, what came new before what is replayed. */
  async take(batch: number, leaseMs: number): Promise<TakenEvent[]> {
    return this.database.query<TakenEvent>(TAKE, [batch, leaseMs]);
  }

  /** Keeps those of them that nothing was decided about for `leaseMs` more. */
  async renew(held: readonly Held[], leaseMs: number): Promise<void> {
    await this.database.query(RENEW, [...keysOf(held), leaseMs]);
  }

  /** What became of them, for good: only a replay brings them back. Gives how many were still this worker's. */
  async settle(held: readonly Held[], status: Settled, how: Settling = {}): Promise<number> {
    const { tenantId = null, customerId = null, failure = null, isForgotten = false } = how;
    const values = [...keysOf(held), status, tenantId, customerId, failure, isForgotten];
    const rows = await this.database.query(SETTLE, values);
    return rows.length;
  }

  /** Again after `waitMs`. `isExcused`: it was not their fault, and does not count. */
  async postpone(
    held: readonly Held[],
    waitMs: number,
    failure: string,
    { isExcused }: { isExcused: boolean },
  ): Promise<void> {
    await this.database.query(POSTPONE, [...keysOf(held), waitMs, failure, isExcused]);
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
  async takeDue(now: Date, batch: number, leaseMs: number): Promise<Due[]> {
    return this.database.query<Due>(
      `update billing.accounts set due_attempts = due_attempts + 1,
         due_at = $1::timestamptz + power(2, least(due_attempts, 6)) * $3 * interval '1 millisecond'
       where tenant_id in (
         select tenant_id from billing.accounts where due_at <= $1
         order by due_at limit $2 for update skip locked)
       returning tenant_id as "tenantId", customer_id as "customerId"`,
      [now, batch, leaseMs],
    );
  }
}

const keysOf = (held: readonly Held[]) => [held.map((one) => one.id), held.map((one) => one.attempts)];

const IS_DUE = `e.status = 'received' and e.next_at <= clock_timestamp()`;
// Taken, and neither decided about nor put off: its worker works, or has ended.
const IS_SILENT = 'e.attempts > e.excused and e.failure is null';

// One that is silent is taken alone, and alone is taken nothing else: should it end this process too, nobody is blamed for
// having stood beside it.
const TAKE = `
  with first as (
    select e.id, ${IS_SILENT} as alone from billing.stripe_events e
    where ${IS_DUE} order by e.replayed, e.next_at limit 1 for update skip locked
  ), others as (
    select e.id from billing.stripe_events e
    where ${IS_DUE} and not (${IS_SILENT}) and e.id <> (select id from first where not alone)
    order by e.replayed, e.next_at limit $1::int - 1 for update skip locked
  )
  update billing.stripe_events set attempts = attempts + 1, failure = null, next_at = ${inMs('$2')}
  where id in (select id from first union all select id from others)
  returning id, type, payload, trace_id as "traceId", customer_id as "customerId", attempts, attempts - excused as tries,
    (select alone from first) as "isAlone"`;

const STILL_HELD = `
  from unnest($1::text[], $2::int[]) as held (id, attempts)
  where e.id = held.id and e.attempts = held.attempts and e.status = 'received'`;

// What was put off has its own time.
const RENEW = `
  update billing.stripe_events e set next_at = ${inMs('$3')} ${STILL_HELD} and e.failure is null`;

const SETTLE = `
  update billing.stripe_events e set status = $3, failure = $6, settled_at = clock_timestamp(),
    customer_id = case when $7 then null else coalesce(e.customer_id, $5) end,
    tenant_id = coalesce($4, (
      select c.tenant_id from billing.stripe_customers c where c.customer_id = coalesce($5, e.customer_id))),
    payload = case when $7 then '' else e.payload end
  ${STILL_HELD} returning 1`;

const POSTPONE = `
  update billing.stripe_events e set next_at = ${inMs('$3')}, failure = $4,
    excused = e.excused + case when $5 then 1 else 0 end
  ${STILL_HELD}`;
