import { Injectable } from '@nestjs/common';
import {
  Actor,
  Clock,
  Db,
  type DeliveredEvent,
  type EventHandler,
  Handles,
  isExported,
  Log,
  occurred,
  TenantPeople,
  type TenantRecord,
} from '#platform';
import { ExportFailed, ExportMade, ExportRequested } from '../events/index.js';
import { type ExportRun, TenantExports } from '../persistence/tenant-exports.js';
import { TooLarge, writeFile } from './export-file.js';
import { exportLines } from './export-lines.js';
import type { ExportFailure } from './export-record.js';
import { ExportsConfig } from './exports.config.js';

/** Also a worker that was killed has tried. */
const ATTEMPTS = 3;
const DAY_MS = 86_400_000;
const MIB = 1_048_576;

/** Another try has taken over, or nobody wants the file any more. */
class Overtaken extends Error {}

/** The declared records of all contexts, as the worker puts them together. */
export class DeclaredRecords {
  constructor(readonly all: readonly TenantRecord[]) {}
}

/**
 * Makes the file that a tenant asked for. Each try begins anew with a picture of its own: one that is killed, or that a
 * second delivery overtakes, leaves nothing that anybody reads.
 */
@Injectable()
@Handles('tenancy.make-export', ExportRequested, 'effect')
export class MakeExport implements EventHandler<typeof ExportRequested> {
  constructor(
    private readonly db: Db,
    private readonly exports: TenantExports,
    private readonly records: DeclaredRecords,
    private readonly people: TenantPeople,
    private readonly config: ExportsConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async handle({ tenantId, traceId, payload }: DeliveredEvent<typeof ExportRequested>): Promise<void> {
    const actor = Actor.system(tenantId, traceId);
    const run = await this.db.transaction(actor, () => this.exports.begin(payload.exportId));
    if (!run) return;
    if (run.attempt > ATTEMPTS) return this.fail(actor, run, 'INTERNAL');
    try {
      await this.make(actor, run);
    } catch (error) {
      if (error instanceof Overtaken) return;
      const isTooLarge = error instanceof TooLarge;
      if (!isTooLarge && run.attempt < ATTEMPTS) throw error;
      this.log.error({ error, export: run.exportId, tenant_id: tenantId }, 'An export could not be made.');
      await this.fail(actor, run, isTooLarge ? 'TOO_LARGE' : 'INTERNAL');
    }
  }

  private async make(actor: Actor, run: ExportRun): Promise<void> {
    let [done, total] = [0, 0];
    const file = await this.db.snapshot(actor, (read) => {
      const lines = exportLines({
        tenantId: actor.tenantId ?? '',
        records: this.records.all.filter(isExported),
        people: this.people,
        read,
        now: this.clock.now(),
        onProgress: async (nowDone, nowTotal) => {
          [done, total] = [nowDone, nowTotal];
          await this.step(actor, run, done, total);
        },
      });
      return writeFile(lines, {
        maxBytes: this.config.maxMib * MIB,
        put: (n, bytes) =>
          this.step(actor, run, done, total, () => this.exports.putChunk(run.exportId, n, bytes)),
      });
    });
    await this.finish(actor, run, file, total);
  }

  /** Tells how far it is, together with `work`. Throws Overtaken. */
  private async step(
    actor: Actor,
    run: ExportRun,
    done: number,
    total: number,
    work: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    await this.db.transaction(actor, async () => {
      if (!(await this.exports.progress(run, done, total))) throw new Overtaken();
      await work();
    });
  }

  private async finish(
    actor: Actor,
    run: ExportRun,
    file: { size: number; sha256: string },
    records: number,
  ): Promise<void> {
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + this.config.keepDays * DAY_MS);
    const made = {
      exportId: run.exportId,
      userId: run.askedBy,
      ...file,
      records,
      until: expiresAt.toISOString(),
    };
    await this.db.transaction(actor, async () => {
      if (!(await this.exports.ready(run, { ...file, expiresAt }, now))) throw new Overtaken();
      this.db.record([occurred(ExportMade, made, now)]);
    });
  }

  private async fail(actor: Actor, { exportId }: ExportRun, failure: ExportFailure): Promise<void> {
    const now = this.clock.now();
    await this.db.transaction(actor, async () => {
      const userId = await this.exports.fail(exportId, failure, now);
      if (userId) this.db.record([occurred(ExportFailed, { exportId, userId, failure }, now)]);
    });
  }
}
