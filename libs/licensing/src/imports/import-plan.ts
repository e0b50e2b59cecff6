import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, keyedHash } from '#platform';
import { keyHashOf } from '../domain/key-hash.js';
import { newLicenseKey } from '../domain/license-key.js';
import { LicensingConfig } from '../licensing.config.js';
import { Catalogue, type Offer } from '../persistence/catalogue.js';
import { LicenseDirectory } from '../persistence/license-directory.js';
import type { ImportFault, ImportRow } from './import-line.js';
import type { ImportFile } from './read-import.js';

/** A line that is to become a licence, unless its key is there already. */
export interface PlannedLine {
  line: number;
  row: ImportRow;
  key: string;
  offer: Offer;
  isThere: boolean;
}

export interface ImportPlan {
  lines: PlannedLine[];
  faults: ImportFault[];
}

const CHUNK = 1_000;

/** Holds the lines of a file against what there is: tenants, plans, policies, keys. Writes nothing. */
@Injectable()
export class PlanImport {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly directory: LicenseDirectory,
    private readonly config: LicensingConfig,
  ) {}

  /** `batch` names the import: a line without a key gets the same new key whenever it is read in the same batch. */
  async execute(actor: Actor, file: ImportFile, batch: string): Promise<ImportPlan> {
    const faults = [...file.faults];
    const offered = await this.offered(actor, file.rows, faults);
    const keyed = this.keyed(offered, batch, faults);
    const lines: PlannedLine[] = [];
    for (let at = 0; at < keyed.length; at += CHUNK) {
      lines.push(...(await this.held(keyed.slice(at, at + CHUNK), faults)));
    }
    return { lines, faults: faults.sort((a, b) => a.line - b.line) };
  }

  private async offered(actor: Actor, rows: ImportFile['rows'], faults: ImportFault[]) {
    const offers = new Map<string, Offer | null>();
    const found: { line: number; row: ImportRow; offer: Offer }[] = [];
    for (const { line, row } of rows) {
      const { plan, policy } = row;
      const name = JSON.stringify([plan?.toUpperCase(), policy]);
      if (!offers.has(name)) offers.set(name, await this.catalogue.offer(actor, { plan, policy }));
      const offer = offers.get(name);
      if (offer) found.push({ line, row, offer });
      else {
        const column = policy === undefined ? 'plan' : 'policy';
        faults.push({ line, column, message: `there is no such ${column}` });
      }
    }
    return found;
  }

  /** Every line with its key; the same key twice is a fault of the second line. */
  private keyed(
    lines: readonly { line: number; row: ImportRow; offer: Offer }[],
    batch: string,
    faults: ImportFault[],
  ) {
    const firstLine = new Map<string, number>();
    const alike = new Map<string, number>();
    return lines.flatMap((one) => {
      const key = one.row.key ?? this.newKey(one, batch, alike);
      const first = firstLine.get(key);
      if (first !== undefined) {
        faults.push({ line: one.line, column: 'key', message: `is the key of line ${first} as well` });
        return [];
      }
      firstLine.set(key, one.line);
      return [{ ...one, key }];
    });
  }

  /**
   * The key of a line that brings none: made of the line's own words, so that the same import again finds it there. Of
   * lines with the same words the first, second ... Nobody without the lookup key can make it.
   */
  private newKey(
    { row, offer }: { row: ImportRow; offer: Offer },
    batch: string,
    alike: Map<string, number>,
  ): string {
    const words = createHash('sha256').update(JSON.stringify(row)).digest('base64');
    const number = (alike.get(words) ?? 0) + 1;
    alike.set(words, number);
    const bytes = keyedHash(this.config.lookupKey, 'import', batch, words, String(number));
    return newLicenseKey(offer.brand ?? this.config.brand, offer.tier, bytes);
  }

  private async held(
    lines: readonly Omit<PlannedLine, 'isThere'>[],
    faults: ImportFault[],
  ): Promise<PlannedLine[]> {
    const hashes = lines.map(({ key }) => keyHashOf(this.config.lookupKey, key));
    const [tenants, places] = await Promise.all([
      this.directory.knownTenants([...new Set(lines.map(({ row }) => row.tenant_id))]),
      this.directory.placesOf(hashes),
    ]);
    return lines.flatMap((one, index) => {
      const { line, row } = one;
      if (!tenants.has(row.tenant_id)) {
        faults.push({ line, column: 'tenant_id', message: 'there is no such tenant' });
        return [];
      }
      const owner = places.get(hashes[index]!.toString('base64'));
      if (owner !== undefined && owner !== row.tenant_id) {
        faults.push({ line, column: 'key', message: 'is the key of another tenant’s licence' });
        return [];
      }
      return [{ ...one, isThere: owner !== undefined }];
    });
  }
}
