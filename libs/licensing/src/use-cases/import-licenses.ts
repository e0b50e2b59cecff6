import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db } from '#platform';
import type { ImportFault } from '../imports/import-line.js';
import { type PlannedLine, PlanImport } from '../imports/import-plan.js';
import { readImport } from '../imports/read-import.js';
import { Licenses } from '../persistence/licenses.js';
import { TenantTerms } from '../persistence/tenant-terms.js';
import { mintingOf } from './issue-tenant-license.js';
import { MintLicense } from './mint-license.js';

export const ImportLicensesInput = z.strictObject({
  /** Names the import; the same file in the same batch again makes nothing twice. */
  batch: z.string().min(1).max(255),
  dryRun: z.boolean().default(false),
  /** Takes the lines that are sound; else one faulty line stops all. */
  skipFaulty: z.boolean().default(false),
});

export interface ImportedLine {
  line: number;
  tenantId: string;
  /** In the clear. */
  key: string;
  outcome: 'issued' | 'there already' | 'would be issued';
}

export interface ImportReport {
  lines: ImportedLine[];
  faults: ImportFault[];
}

/** Licences a transaction: what an interruption takes back, and how long a tenant's other changes wait. */
const BATCH = 200;

/** Makes licences of the lines of a CSV file, all or, unless faulty lines are skipped, none. Operators only. */
@Injectable()
export class ImportLicenses {
  constructor(
    private readonly db: Db,
    private readonly plan: PlanImport,
    private readonly licenses: Licenses,
    private readonly tenantTerms: TenantTerms,
    private readonly mint: MintLicense,
    private readonly clock: Clock,
  ) {}

  /**
   * Writes in transactions of one tenant each: what is interrupted leaves whole ones, and is repeated by saying the
   * same again. `onProgress` is told after each how many lines of how many are done.
   */
  async execute(
    actor: Actor,
    file: Readable,
    input: z.output<typeof ImportLicensesInput>,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<ImportReport> {
    actor.must('operator:licenses');
    const { lines, faults } = await this.plan.execute(actor, await readImport(file), input.batch);
    if (faults.length > 0 && !input.skipFaulty) return { lines: [], faults };
    if (input.dryRun) return { lines: lines.map((one) => told(one, 'would be issued')), faults };

    const done: ImportedLine[] = [];
    for (const batch of batches(lines)) {
      done.push(...(await this.write(actor, batch)));
      onProgress(done.length, lines.length);
    }
    return { lines: done.sort((a, b) => a.line - b.line), faults };
  }

  private async write(actor: Actor, batch: readonly PlannedLine[]): Promise<ImportedLine[]> {
    const tenantId = batch[0]!.row.tenant_id;
    const owner = actor.as({ tenantId });
    if (batch.every((one) => one.isThere)) return batch.map((one) => told(one, 'issued'));
    return this.db.transaction(owner, async () => {
      const status = await this.licenses.lockTenant();
      if (!status) throw new Error(`The tenant ${tenantId} has gone.`);
      const terms = await this.tenantTerms.get(owner);
      const done: ImportedLine[] = [];
      for (const one of batch) {
        const tenant = { tenantId, status, ...terms };
        const init = mintingOf(one.offer, tenant, wishOf(one), owner.reason ?? '', this.clock.now());
        const made = one.isThere ? null : await this.mint.execute(init);
        done.push(told({ ...one, isThere: made === null }, 'issued'));
      }
      return done;
    });
  }
}

function told(one: PlannedLine, otherwise: ImportedLine['outcome']): ImportedLine {
  const { line, row, key, isThere } = one;
  return { line, tenantId: row.tenant_id, key, outcome: isThere ? 'there already' : otherwise };
}

const wishOf = ({ row, key }: PlannedLine) => ({
  key,
  name: row.name ?? null,
  metadata: row.metadata,
  terms: row.seats === undefined ? {} : { seats: row.seats },
  expiresAt: row.expires_at,
});

/** In the order of the file, the lines of a tenant together. */
function batches(lines: readonly PlannedLine[]): PlannedLine[][] {
  const groups = Map.groupBy(lines, ({ row }) => row.tenant_id);
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / BATCH) }, (_, index) =>
      group.slice(index * BATCH, (index + 1) * BATCH),
    ),
  );
}
