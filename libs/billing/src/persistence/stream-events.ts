import { Injectable } from '@nestjs/common';
import { type Actor, Db, type SentEvent, SystemDatabase } from '#platform';

/** A position on the wire: as text it sorts like the number. */
export const idOfPosition = (position: string | number): string => String(position).padStart(16, '0');

/** Where an id of ours points; null: it is none. */
export const positionOf = (id: string): number | null => (/^\d{16}$/.test(id) ? Number(id) : null);

interface Row {
  position: string;
  kind: string;
  data: unknown;
}

/** What was told of each tenant's billing, in order. */
@Injectable()
export class StreamEvents {
  constructor(
    private readonly db: Db,
    private readonly system: SystemDatabase,
  ) {}

  /**
   * Inside a transaction: whoever else writes for the tenant waits until it has ended. Gives the subscription's revision that
   * was told last; null: this event has been told.
   */
  async begin(eventId: string): Promise<number | null> {
    const { tenantId } = this.db.actor;
    const [head] = await this.db.query<{ revision: number }>(
      `insert into billing.stream_heads as h (tenant_id) values ($1)
       on conflict (tenant_id) do update set revision = h.revision returning revision`,
      [tenantId],
    );
    // A statement of its own: it has to see what was written while this waited.
    const told = await this.db.query(
      'select from billing.stream_events where tenant_id = $1 and event_id = $2',
      [tenantId, eventId],
    );
    return told.length > 0 ? null : head!.revision;
  }

  /** Behind {@link begin}. Of what was told before, the newest `keep` stay. */
  async add(
    event: { eventId: string; kind: string; data: unknown; at: Date; revision: number },
    keep: number,
  ): Promise<void> {
    const { tenantId } = this.db.actor;
    await Promise.all([
      this.db.query(
        `with head as (
           update billing.stream_heads set position = position + 1, revision = greatest(revision, $6)
           where tenant_id = $1 returning position
         )
         insert into billing.stream_events (tenant_id, position, event_id, kind, data, at)
         select $1, position, $2, $3, $4, $5 from head`,
        [tenantId, event.eventId, event.kind, JSON.stringify(event.data), event.at, event.revision],
      ),
      this.db.query(
        `delete from billing.stream_events e using billing.stream_heads h
         where h.tenant_id = $1 and e.tenant_id = $1 and e.position <= h.position - $2::int`,
        [tenantId, keep],
      ),
    ]);
  }

  /** What came behind `after`, oldest first. */
  async after(actor: Actor, after: string, limit: number): Promise<SentEvent[]> {
    const rows = await this.db.read<Row>(
      actor,
      `select position, kind, data from billing.stream_events where tenant_id = $1 and position > $2
       order by position limit $3`,
      [actor.tenantId, Number(after), limit],
    );
    return rows.map(({ position, kind, data }) => ({
      id: idOfPosition(position),
      kind,
      data: JSON.stringify(data),
    }));
  }

  /** The newest position of a tenant, and the first from which on everything is still there. */
  async span(actor: Actor): Promise<{ head: number; from: number }> {
    const [row] = await this.db.read<{ head: string; oldest: string | null }>(
      actor,
      `select h.position as head,
         (select min(position) from billing.stream_events e where e.tenant_id = $1) as oldest
       from billing.stream_heads h where h.tenant_id = $1`,
      [actor.tenantId],
    );
    const head = Number(row?.head ?? 0);
    return { head, from: row?.oldest ? Number(row.oldest) - 1 : head };
  }

  /** The newest positions of several tenants, for a process that serves streams. */
  async heads(tenantIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.system.query<{ tenant_id: string; position: string }>(
      'select tenant_id, position from billing.stream_heads where tenant_id = any ($1)',
      [tenantIds],
    );
    return new Map(rows.map((row) => [row.tenant_id, Number(row.position)]));
  }

  /** Forgets what is older, of every tenant, up to `limit` at a time; true: there may be more. */
  async forget(before: Date, limit: number): Promise<boolean> {
    const gone = await this.system.query(
      `delete from billing.stream_events where (tenant_id, position) in (
         select tenant_id, position from billing.stream_events where at < $1 order by at limit $2) returning 1`,
      [before, limit],
    );
    return gone.length === limit;
  }
}
