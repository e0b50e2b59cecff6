import { Injectable } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { type Actor, Db, SystemDatabase } from '#platform';
import type { ExportFailure, TenantExport } from '../exports/export-record.js';

/** One try of the worker at an export. */
export interface ExportRun {
  exportId: string;
  /** Which try; another one that begins takes the export over from this. */
  attempt: number;
  askedBy: string;
}

type Raw = Omit<TenantExport, 'done' | 'total' | 'size'> & {
  done: string;
  total: string | null;
  size: string | null;
};

const COLUMNS = `id, status, asked_by as "askedBy", asked_at as "askedAt", done, total, size, sha256, failure,
  ended_at as "endedAt", expires_at as "expiresAt"`;

/** The exports of tenants, and their files in pieces. */
@Injectable()
export class TenantExports {
  constructor(
    private readonly db: Db,
    private readonly system: SystemDatabase,
  ) {}

  /** The newest first, before the one of this id. */
  async page(actor: Actor, before: string | null, limit: number): Promise<TenantExport[]> {
    const rows = await this.db.read<Raw & QueryResultRow>(
      actor,
      `select ${COLUMNS} from tenancy.exports
       where tenant_id = $1 and removed_at is null and ($2::text is null or id < $2) order by id desc limit $3`,
      [actor.tenantId, before, limit],
    );
    return rows.map(exportOf);
  }

  async find(actor: Actor, id: string): Promise<TenantExport | null> {
    const [row] = await this.db.read<Raw & QueryResultRow>(
      actor,
      `select ${COLUMNS} from tenancy.exports where tenant_id = $1 and id = $2 and removed_at is null`,
      [actor.tenantId, id],
    );
    return row ? exportOf(row) : null;
  }

  /** How many the transaction's tenant asked for since then, when the first of those was, and whether one is under way. */
  async standing(since: Date): Promise<{ asked: number; firstAt: Date | null; isUnderWay: boolean }> {
    const [row] = await this.db.query<{ asked: number; firstAt: Date | null; isUnderWay: boolean | null }>(
      `select count(*) filter (where asked_at > $2)::int as asked, min(asked_at) filter (where asked_at > $2) as "firstAt",
         bool_or(status in ('queued', 'running')) as "isUnderWay"
       from tenancy.exports where tenant_id = $1`,
      [this.db.actor.tenantId, since],
    );
    return { asked: row?.asked ?? 0, firstAt: row?.firstAt ?? null, isUnderWay: row?.isUnderWay ?? false };
  }

  async insert(one: Pick<TenantExport, 'id' | 'askedBy' | 'askedAt'>): Promise<void> {
    await this.db.query(
      `insert into tenancy.exports (tenant_id, id, status, asked_by, asked_at) values ($1, $2, 'queued', $3, $4)`,
      [this.db.actor.tenantId, one.id, one.askedBy, one.askedAt],
    );
  }

  /** Begins anew, whatever an earlier try has left; null when there is nothing to do any more. */
  async begin(exportId: string): Promise<ExportRun | null> {
    const [row] = await this.db.query<{ attempt: number; askedBy: string }>(
      `update tenancy.exports set status = 'running', attempts = attempts + 1, done = 0, total = null
       where tenant_id = $1 and id = $2 and status in ('queued', 'running')
       returning attempts as attempt, asked_by as "askedBy"`,
      [this.db.actor.tenantId, exportId],
    );
    if (!row) return null;
    await this.dropChunks(exportId);
    return { exportId, ...row };
  }

  /** Says how far it is; false when the try has been overtaken, or the export taken away. */
  async progress({ exportId, attempt }: ExportRun, done: number, total: number): Promise<boolean> {
    const rows = await this.db.query(
      `update tenancy.exports set done = $4, total = $5
       where tenant_id = $1 and id = $2 and attempts = $3 and status = 'running' returning 1`,
      [this.db.actor.tenantId, exportId, attempt, done, total],
    );
    return rows.length === 1;
  }

  async putChunk(exportId: string, n: number, bytes: Buffer): Promise<void> {
    await this.db.query(
      'insert into tenancy.export_chunks (tenant_id, export_id, n, bytes) values ($1, $2, $3, $4)',
      [this.db.actor.tenantId, exportId, n, bytes],
    );
  }

  async chunk(actor: Actor, exportId: string, n: number): Promise<Buffer | null> {
    const [row] = await this.db.read<{ bytes: Buffer }>(
      actor,
      'select bytes from tenancy.export_chunks where tenant_id = $1 and export_id = $2 and n = $3',
      [actor.tenantId, exportId, n],
    );
    return row?.bytes ?? null;
  }

  /** The file is whole; false when the try has been overtaken. */
  async ready(
    { exportId, attempt }: ExportRun,
    file: { size: number; sha256: string; expiresAt: Date },
    now: Date,
  ): Promise<boolean> {
    const rows = await this.db.query(
      `update tenancy.exports set status = 'ready', size = $4, sha256 = $5, expires_at = $6, ended_at = $7
       where tenant_id = $1 and id = $2 and attempts = $3 and status = 'running' returning 1`,
      [this.db.actor.tenantId, exportId, attempt, file.size, file.sha256, file.expiresAt, now],
    );
    return rows.length === 1;
  }

  /** There will be no file; gives who asked, null when it had ended already. */
  async fail(exportId: string, failure: ExportFailure, now: Date): Promise<string | null> {
    const [row] = await this.db.query<{ askedBy: string }>(
      `update tenancy.exports set status = 'failed', failure = $3, ended_at = $4
       where tenant_id = $1 and id = $2 and status in ('queued', 'running') returning asked_by as "askedBy"`,
      [this.db.actor.tenantId, exportId, failure, now],
    );
    if (row) await this.dropChunks(exportId);
    return row?.askedBy ?? null;
  }

  /** Takes the export away and its file with it; it still counts for a day. False when there is none. */
  async remove(exportId: string, now: Date): Promise<boolean> {
    await this.fail(exportId, 'REMOVED', now);
    const rows = await this.db.query(
      `update tenancy.exports set removed_at = $3 where tenant_id = $1 and id = $2 and removed_at is null returning 1`,
      [this.db.actor.tenantId, exportId, now],
    );
    if (rows.length === 1) await this.dropChunks(exportId);
    return rows.length === 1;
  }

  /** Forgets that it ever was. */
  async forget(exportId: string): Promise<void> {
    await this.db.query('delete from tenancy.exports where tenant_id = $1 and id = $2', [
      this.db.actor.tenantId,
      exportId,
    ]);
  }

  /** Those of any tenant that nobody has brought to an end since `stuck`, and those that are past their time. */
  async old(
    stuck: Date,
    past: Date,
    now: Date,
  ): Promise<{ tenantId: string; id: string; isOpen: boolean }[]> {
    return this.system.query(
      `select tenant_id as "tenantId", id, status in ('queued', 'running') as "isOpen" from tenancy.exports
       where case when status in ('queued', 'running') then asked_at < $1 when expires_at is not null and removed_at is null
         then expires_at < $3 else asked_at < $2 end
       order by asked_at limit 500`,
      [stuck, past, now],
    );
  }

  private async dropChunks(exportId: string): Promise<void> {
    await this.db.query('delete from tenancy.export_chunks where tenant_id = $1 and export_id = $2', [
      this.db.actor.tenantId,
      exportId,
    ]);
  }
}

const numberOf = (text: string | null) => (text === null ? null : Number(text));

const exportOf = (raw: Raw): TenantExport => ({
  ...raw,
  done: Number(raw.done),
  total: numberOf(raw.total),
  size: numberOf(raw.size),
});
