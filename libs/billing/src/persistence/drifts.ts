import { Injectable } from '@nestjs/common';
import { newId, type Page, pageOf, SystemDatabase } from '#platform';
import type { Drift } from '../domain/drift.js';

export interface DriftRow {
  id: string;
  kind: Drift;
  subject: string;
  tenantId: string | null;
  details: Record<string, unknown>;
  openedAt: Date;
  lastSeenAt: Date;
  resolvedAt: Date | null;
  resolution: 'repaired' | 'gone' | 'operator' | null;
  resolvedBy: string | null;
  reason: string | null;
}

export type SeenDrift = Pick<DriftRow, 'kind' | 'subject' | 'tenantId' | 'details'>;

/** Where Stripe and we disagree, and what became of it. */
@Injectable()
export class Drifts {
  constructor(private readonly database: SystemDatabase) {}

  /** One that is open is seen again, else it is opened. */
  async see({ kind, subject, tenantId, details }: SeenDrift, now: Date): Promise<string> {
    const [row] = await this.database.query<{ id: string }>(
      `insert into billing.drift (id, kind, subject, tenant_id, details, opened_at, last_seen_at)
       values ($1, $2, $3, $4, $5, $6, $6)
       on conflict (kind, subject) where resolved_at is null
         do update set last_seen_at = $6, details = excluded.details, tenant_id = excluded.tenant_id
       returning id`,
      [newId('drf'), kind, subject, tenantId, JSON.stringify(details), now],
    );
    return row!.id;
  }

  /** False when it is not open. */
  async resolve(
    id: string,
    now: Date,
    how: { resolution: 'repaired' | 'operator'; by?: string | null; reason?: string | null },
  ): Promise<boolean> {
    const rows = await this.database.query(
      `update billing.drift set resolved_at = $2, resolution = $3, resolved_by = $4, reason = $5
       where id = $1 and resolved_at is null returning 1`,
      [id, now, how.resolution, how.by ?? null, how.reason ?? null],
    );
    return rows.length === 1;
  }

  /** What a look at everything has not met again is no more. */
  async resolveUnseen(since: Date, now: Date): Promise<void> {
    await this.database.query(
      `update billing.drift set resolved_at = $2, resolution = 'gone'
       where resolved_at is null and last_seen_at < $1`,
      [since, now],
    );
  }

  async get(id: string): Promise<DriftRow | null> {
    const [row] = await this.database.query<DriftRow>(`${SELECT} where id = $1`, [id]);
    return row ?? null;
  }

  /** The oldest first. */
  async page(
    { tenantId, isOpen }: { tenantId?: string; isOpen: boolean },
    limit: number,
    cursor?: string,
  ): Promise<Page<DriftRow>> {
    const rows = await this.database.query<DriftRow>(
      `${SELECT} where ($1::text is null or tenant_id = $1) and (not $2 or resolved_at is null)
         and ($3::text is null or id > $3) order by id limit $4`,
      [tenantId ?? null, isOpen, cursor ?? null, limit + 1],
    );
    return pageOf(rows, limit, ({ id }) => id);
  }

  /** Forgets what was settled before, up to `limit` of it; true: there may be more. What is open stays. */
  async forget(before: Date, limit: number): Promise<boolean> {
    const gone = await this.database.query(
      `delete from billing.drift where id in (
         select id from billing.drift where resolved_at < $1 order by resolved_at limit $2) returning 1`,
      [before, limit],
    );
    return gone.length === limit;
  }

  /** How many are open, by kind. */
  async countOpen(): Promise<{ kind: Drift; count: number }[]> {
    return this.database.query(
      'select kind, count(*)::int as count from billing.drift where resolved_at is null group by kind',
    );
  }
}

const SELECT = `
  select id, kind, subject, tenant_id as "tenantId", details, opened_at as "openedAt", last_seen_at as "lastSeenAt",
    resolved_at as "resolvedAt", resolution, resolved_by as "resolvedBy", reason
  from billing.drift`;
