import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  type Actor,
  Clock,
  Db,
  idOf,
  notFound,
  occurred,
  type Page,
  pageOf,
  validationFailed,
} from '#platform';
import { ExportRemoved } from '../events/index.js';
import { TenantExports } from '../persistence/tenant-exports.js';
import type { TenantExport } from './export-record.js';

export const ReadExportsInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).max(300).optional(),
});

const Cursor = idOf('exp');

/** The exports of the actor's tenant, for who may make them. */
@Injectable()
export class ReadExports {
  constructor(
    private readonly db: Db,
    private readonly exports: TenantExports,
    private readonly clock: Clock,
  ) {}

  /** The newest first. Throws 403 without `tenant:export`, 422 for a cursor that is none. */
  async list(
    actor: Actor,
    { limit, cursor }: z.output<typeof ReadExportsInput>,
  ): Promise<Page<TenantExport>> {
    actor.must('tenant:export');
    const before = cursor === undefined ? null : Cursor.safeParse(cursor).data;
    if (before === undefined)
      throw validationFailed([{ path: ['cursor'], message: 'is not a cursor of this list' }]);
    return pageOf(await this.exports.page(actor, before, limit + 1), limit, (last) => last.id);
  }

  /** Throws 403 without `tenant:export`, 404. */
  async one(actor: Actor, exportId: string): Promise<TenantExport> {
    actor.must('tenant:export');
    const found = await this.exports.find(actor, exportId);
    if (!found) throw notFound('export');
    return found;
  }

  /** Takes an export away, also one that is being made. Throws 403 without `tenant:export`, 404. */
  async remove(actor: Actor, exportId: string): Promise<void> {
    actor.must('tenant:export');
    const now = this.clock.now();
    await this.db.transaction(actor, async () => {
      if (!(await this.exports.remove(exportId, now))) throw notFound('export');
      this.db.record([occurred(ExportRemoved, { exportId }, now)]);
    });
  }
}
