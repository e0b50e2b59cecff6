import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';
import type { AuditEntry } from '../domain/entry.js';

export interface EntryRow extends AuditEntry {
  tenantId: string;
  /** ISO 8601 with microseconds: what a cursor needs. */
  at: string;
}

@Injectable()
export class Entries {
  constructor(private readonly db: Db) {}

  /** Adds entries to the trail of the transaction's tenant. */
  async append(entries: readonly AuditEntry[]): Promise<void> {
    await this.db.query(
      `insert into audit.entries
         (tenant_id, id, actor_type, actor_id, actor_act, user_id, action, subject, outcome, metadata, address, trace_id, created_at)
       select $1, e.* from jsonb_to_recordset($2::jsonb) as e(
         id text, actor_type text, actor_id text, actor_act text, user_id text, action text, subject text,
         outcome text, metadata jsonb, address text, trace_id text, created_at timestamptz)
       on conflict do nothing`,
      [this.db.actor.tenantId, JSON.stringify(entries.map(asRow))],
    );
  }

  /** Newest first, before the cursor. */
  async page(
    actor: Actor,
    filter: { action?: string; before: { at: string; id: string } | null; limit: number },
  ): Promise<EntryRow[]> {
    return this.db.read<EntryRow>(
      actor,
      `select id, tenant_id as "tenantId", user_id as "userId", action, subject, outcome, metadata, address,
              trace_id as "traceId", created_at as "createdAt", to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
              jsonb_strip_nulls(jsonb_build_object('type', actor_type, 'id', actor_id, 'act', actor_act)) as actor
       from audit.entries
       where tenant_id = $1 and ($2::text is null or action = $2)
         and ($3::timestamptz is null or (created_at, id) < ($3::timestamptz, $4))
       order by created_at desc, id desc limit $5`,
      [
        actor.tenantId,
        filter.action ?? null,
        filter.before?.at ?? null,
        filter.before?.id ?? null,
        filter.limit,
      ],
    );
  }
}

const asRow = (entry: AuditEntry) => ({
  id: entry.id,
  actor_type: entry.actor.type,
  actor_id: entry.actor.id,
  actor_act: entry.actor.act ?? null,
  user_id: entry.userId,
  action: entry.action,
  subject: entry.subject,
  outcome: entry.outcome,
  metadata: entry.metadata,
  address: entry.address,
  trace_id: entry.traceId,
  created_at: entry.createdAt.toISOString(),
});
