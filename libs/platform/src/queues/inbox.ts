import { Injectable } from '@nestjs/common';
import { Actor } from '../actor/actor.js';
import { Clock } from '../clock/clock.js';
import { Db } from '../db/db.js';
import { inMs } from '../db/in-ms.js';

/** One event on its way to one subscription. */
export interface Delivery {
  tenantId: string;
  eventId: string;
  /** As Postgres prints it, to the microsecond: a JavaScript date would miss the row. */
  recordedAt: string;
  subscription: string;
}

/** An event as the outbox holds it. */
export interface StoredEvent {
  id: string;
  name: string;
  version: number;
  payload: unknown;
  actor_type: string;
  actor_id: string | null;
  actor_reason: string | null;
  trace_id: string;
  address: string | null;
  occurred_at: Date;
}

export type Beginning =
  /** `parts`: what attempts before have done of it. */
  | { state: 'begun'; attempts: number; parts: string[]; event: StoredEvent }
  /** The attempt before never came to an end; the next one may begin, but had better not at once. */
  | { state: 'crashed'; attempts: number; lastError: string | null; event: StoredEvent }
  /** Someone else runs it, for at most so many ms more unless they renew. */
  | { state: 'claimed'; forMs: number }
  | { state: 'done' | 'dead' | 'gone' };

interface BeginRow extends StoredEvent {
  attempts: number | null;
  crashed: boolean | null;
  last_error: string | null;
  parts: string[] | null;
  done: boolean;
  dead: boolean;
  claimed_ms: number | null;
}

/** What a row that another delivery has just changed costs: ask again, in ms. */
const UNCLEAR_MS = 500;

/** The inbox: how often each subscription has tried each event, and how that ended. */
@Injectable()
export class Inbox {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts an attempt before it is made, so that one that ends the process is counted too, and reads the event.
   * With `claimMs` the event is reserved for this attempt. When the attempt before has crashed, none is begun yet.
   */
  async begin(delivery: Delivery, claimMs: number | null): Promise<Beginning> {
    const [row] = await this.run<BeginRow>(delivery, BEGIN, [...keyOf(delivery), claimMs]);
    if (!row) return { state: 'gone' };
    const {
      attempts,
      crashed,
      last_error: lastError,
      parts,
      done,
      dead,
      claimed_ms: claimedMs,
      ...event
    } = row;
    if (attempts !== null && crashed) return { state: 'crashed', attempts, lastError, event };
    if (attempts !== null) return { state: 'begun', attempts, parts: parts ?? [], event };
    if (done || dead) return { state: done ? 'done' : 'dead' };
    return { state: 'claimed', forMs: Math.max(claimedMs ?? 0, UNCLEAR_MS) };
  }

  /** Marks the event handled; false when it already was, or is dead. Inside a transaction it is part of that. */
  async finish(delivery: Delivery): Promise<boolean> {
    const rows = await this.run(delivery, FINISH, [...keyOf(delivery), this.clock.now()]);
    return rows.length === 1;
  }

  /** Marks a part of the event done; false when it was already, or the event has ended. Inside a transaction it is part of that. */
  async finishPart(delivery: Delivery, part: string): Promise<boolean> {
    const rows = await this.run(delivery, FINISH_PART, [...keyOf(delivery), part]);
    return rows.length === 1;
  }

  /** Keeps why attempt number `attempts` failed, and gives the event free for the next. */
  async fail(delivery: Delivery, attempts: number, lastError: string): Promise<void> {
    await this.run(delivery, FAIL, [...keyOf(delivery), attempts, lastError]);
  }

  /** Makes the event a dead letter; false when a later attempt has taken it over, or it has ended. */
  async bury(delivery: Delivery, attempts: number, eventName: string, lastError: string): Promise<boolean> {
    const values = [...keyOf(delivery), attempts, lastError, this.clock.now(), eventName];
    const rows = await this.run(delivery, BURY, values);
    return rows.length === 1;
  }

  /** Keeps the event reserved for attempt number `attempts`; false when it has been lost to another. */
  async renew(delivery: Delivery, attempts: number, claimMs: number): Promise<boolean> {
    const rows = await this.run(delivery, RENEW, [...keyOf(delivery), attempts, claimMs]);
    return rows.length === 1;
  }

  private run<Row extends object>(delivery: Delivery, sql: string, values: unknown[]): Promise<Row[]> {
    const actor = Actor.system(delivery.tenantId, delivery.eventId);
    return this.db.transaction(actor, () => this.db.query<Row>(sql, values));
  }
}

const keyOf = ({ tenantId, eventId, recordedAt, subscription }: Delivery) => [
  tenantId,
  eventId,
  recordedAt,
  subscription,
];

const THIS_ROW =
  'i.tenant_id = $1 and i.event_id = $2 and i.recorded_at = $3::timestamptz and i.subscription = $4';
const STILL_OPEN = 'i.done_at is null and i.dead_at is null';

// The last join reads what was there before this statement: who comes second behind a commit sees neither his own
// attempt nor the other's end, and asks again.
const BEGIN = `
  with event as (
    select * from platform.outbox where tenant_id = $1 and id = $2 and recorded_at = $3::timestamptz
  ), begun as (
    insert into platform.inbox as i (tenant_id, subscription, event_id, recorded_at, attempts, begun_at, claimed_until)
    select e.tenant_id, $4, e.id, e.recorded_at, 1, clock_timestamp(), ${inMs('$5')} from event e
    on conflict (tenant_id, subscription, event_id, recorded_at) do update set
      attempts = i.attempts + case when i.begun_at is null then 1 else 0 end,
      begun_at = case when i.begun_at is null then excluded.begun_at end,
      claimed_until = case when i.begun_at is null then excluded.claimed_until end
      where ${STILL_OPEN} and (i.claimed_until is null or i.claimed_until <= clock_timestamp())
    returning i.attempts, i.begun_at is null as crashed, i.last_error, i.parts
  )
  select e.id, e.name, e.version, e.payload, e.actor_type, e.actor_id, e.actor_reason, e.trace_id, e.address,
    e.occurred_at, b.attempts, b.crashed, b.last_error, b.parts, i.done_at is not null as done, i.dead_at is not null as dead,
    (extract(epoch from i.claimed_until - clock_timestamp()) * 1000)::int as claimed_ms
  from event e left join begun b on true left join platform.inbox i on ${THIS_ROW}`;

const FINISH = `
  update platform.inbox i set done_at = $5, begun_at = null, claimed_until = null, last_error = null
  where ${THIS_ROW} and ${STILL_OPEN} returning 1`;

const FINISH_PART = `
  update platform.inbox i set parts = i.parts || $5::text
  where ${THIS_ROW} and ${STILL_OPEN} and not $5 = any (i.parts) returning 1`;

const FAIL = `
  update platform.inbox i set last_error = $6, begun_at = null, claimed_until = null
  where ${THIS_ROW} and ${STILL_OPEN} and i.attempts = $5 returning 1`;

const RENEW = `
  update platform.inbox i set claimed_until = ${inMs('$6')}
  where ${THIS_ROW} and ${STILL_OPEN} and i.attempts = $5 returning 1`;

const BURY = `
  with dead as (
    update platform.inbox i set dead_at = $7, last_error = $6, begun_at = null, claimed_until = null
    where ${THIS_ROW} and ${STILL_OPEN} and i.attempts = $5
    returning i.tenant_id, i.subscription, i.event_id, i.recorded_at, i.attempts, i.last_error, i.dead_at
  )
  insert into platform.dead_letters
    (tenant_id, subscription, event_id, recorded_at, attempts, last_error, dead_at, event_name)
  select d.*, $8 from dead d
  on conflict do nothing
  returning 1`;
