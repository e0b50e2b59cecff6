import type { Actor } from '../actor/actor.js';
import { newId } from '../ids/ids.js';
import type { EventType, PayloadOf } from './event.js';

/** An event that has become true inside a transaction that has not ended yet. */
export interface RecordedEvent {
  name: string;
  version: number;
  payload: unknown;
  occurredAt: Date;
}

/** Checks the payload against the event's schema and holds it for the outbox. Throws ZodError when it does not fit. */
export function occurred<E extends EventType>(
  event: E,
  payload: PayloadOf<E>,
  occurredAt: Date,
): RecordedEvent {
  return { name: event.name, version: event.version, payload: event.schema.parse(payload), occurredAt };
}

/** What writes events into the transaction that made them true: one statement, or none for none. */
export function outboxStatements(
  actor: Actor,
  events: readonly RecordedEvent[],
): { text: string; values: unknown[] }[] {
  if (events.length === 0) return [];
  if (!actor.tenantId) throw new Error('An event needs a tenant.');
  const { tenantId, type, id, reason, origin } = actor;
  const rows = events.map((event) => ({
    id: newId('evt'),
    name: event.name,
    version: event.version,
    payload: event.payload,
    occurred_at: event.occurredAt,
  }));
  const values = [tenantId, JSON.stringify(rows), type, id, reason, origin.traceId, origin.address];
  return [{ text: WRITE, values }];
}

const WRITE = `
  insert into platform.outbox
    (tenant_id, id, name, version, payload, actor_type, actor_id, actor_reason, trace_id, address, occurred_at)
  select $1, e.id, e.name, e.version, e.payload, $3, $4, $5, $6, $7, e.occurred_at
  from jsonb_to_recordset($2::jsonb)
    as e(id text, name text, version int, payload jsonb, occurred_at timestamptz)`;
