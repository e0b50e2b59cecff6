import { Injectable } from '@nestjs/common';
import { inMs, SystemDatabase } from '#platform';
import { NOTHING, type Standing } from '../domain/standing.js';
import type { StripeFacts } from '../domain/stripe-facts.js';

export type SweepKind = 'hourly' | 'nightly';

/** A comparison of all that Stripe has with all that we have, page by page. */
export interface Sweep {
  kind: SweepKind;
  startedAt: Date;
  phase: 'stripe' | 'ours';
  /** The last that was looked at; null: none yet. */
  position: string | null;
}

/** What we hold of a customer. */
export interface Held {
  tenantId: string;
  customerId: string;
  facts: StripeFacts | null;
  standing: Standing;
}

type HeldRow = Omit<Held, 'standing'> & { standing: Standing | null };

/** One worker at a time has a sweep; of one that was killed another takes over where it was, by Postgres's clock. */
@Injectable()
export class Sweeps {
  constructor(private readonly database: SystemDatabase) {}

  /** Both are there; the first ones are due at once. */
  async prepare(now: Date): Promise<void> {
    await this.database.query(
      `insert into billing.sweeps (kind, due_at) values ('hourly', $1), ('nightly', $1) on conflict do nothing`,
      [now],
    );
  }

  /** One that is due, for `leaseMs`; `worker` may take again what it has. null: none, or others have them. */
  async take(worker: string, now: Date, leaseMs: number): Promise<Sweep | null> {
    const [row] = await this.database.query<Sweep>(
      `update billing.sweeps set leased_by = $1, leased_until = ${inMs('$3')}, started_at = coalesce(started_at, $2)
       where kind = (
         select kind from billing.sweeps
         where due_at <= $2 and (leased_until is null or leased_until < clock_timestamp() or leased_by = $1)
         order by due_at, kind limit 1 for update skip locked)
       returning kind, started_at as "startedAt", phase, position`,
      [worker, now, leaseMs],
    );
    return row ?? null;
  }

  /** False when another worker has it by now. */
  async extend(worker: string, kind: SweepKind, leaseMs: number): Promise<boolean> {
    const rows = await this.database.query(
      `update billing.sweeps set leased_until = ${inMs('$3')} where kind = $2 and leased_by = $1 returning 1`,
      [worker, kind, leaseMs],
    );
    return rows.length === 1;
  }

  async advance(worker: string, { kind, phase, position }: Sweep): Promise<void> {
    await this.database.query(
      'update billing.sweeps set phase = $3, position = $4 where kind = $2 and leased_by = $1',
      [worker, kind, phase, position],
    );
  }

  async finish(worker: string, kind: SweepKind, now: Date, dueAt: Date): Promise<void> {
    await this.database.query(
      `update billing.sweeps set phase = 'stripe', position = null, leased_by = null, leased_until = null,
         started_at = null, finished_at = $3, due_at = $4
       where kind = $2 and leased_by = $1`,
      [worker, kind, now, dueAt],
    );
  }

  /** As soon as a worker is free. */
  async hasten(kind: SweepKind, now: Date): Promise<void> {
    await this.database.query(
      `insert into billing.sweeps as s (kind, due_at) values ($1, $2)
       on conflict (kind) do update set due_at = least(s.due_at, excluded.due_at)`,
      [kind, now],
    );
  }

  /** Of those customers, what we hold of each that is a tenant's here. */
  async heldOf(customerIds: readonly string[]): Promise<ReadonlyMap<string, Held>> {
    const rows = await this.database.query<HeldRow>(`${HELD} where customer_id = any ($1)`, [customerIds]);
    return new Map(rows.map((row) => [row.customerId, heldOf(row)]));
  }

  /** What the tenants of those customers stand by, if it is among `subscriptions`, has been seen alive. */
  async seen(subscriptions: readonly { id: string; customerId: string }[], at: Date): Promise<void> {
    await this.database.query(
      `update billing.accounts set swept_at = $3
       where customer_id = any ($1) and standing ->> 'subscriptionId' = any ($2)`,
      [subscriptions.map((one) => one.customerId), subscriptions.map((one) => one.id), at],
    );
  }

  /**
   * Up to `limit` accounts behind `after`, of who pays or paid: all of them, or those that are alive by what we hold or
   * have changed since `changedSince`. `isSeen`: whether this sweep has seen them alive at Stripe.
   */
  async ours(
    { startedAt, position }: Sweep,
    changedSince: Date | null,
    limit: number,
  ): Promise<(Held & { isSeen: boolean })[]> {
    const rows = await this.database.query<HeldRow & { isSeen: boolean }>(
      `${HELD_WITH}, coalesce(swept_at >= $1, false) as "isSeen"
       from billing.accounts
       where customer_id is not null and tenant_id > $2
         and ($3::timestamptz is null or changed_at >= $3 or standing ->> 'state' not in ('none', 'cancelled'))
       order by tenant_id limit $4`,
      [startedAt, position ?? '', changedSince, limit],
    );
    return rows.map(({ isSeen, ...row }) => ({ ...heldOf(row), isSeen }));
  }
}

const HELD_WITH = 'select tenant_id as "tenantId", customer_id as "customerId", facts, standing';
const HELD = `${HELD_WITH} from billing.accounts`;

const heldOf = (row: HeldRow): Held => ({ ...row, standing: { ...NOTHING, ...row.standing } });
