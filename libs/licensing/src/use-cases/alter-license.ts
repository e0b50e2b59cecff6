import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idOf } from '#platform';
import { parseLicenseKey } from '#sdk/formats';
import type { License } from '../domain/license.js';
import { LicenseDirectory } from '../persistence/license-directory.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { Licenses } from '../persistence/licenses.js';
import { LoadPoolPolicy } from './load-pool-policy.js';

const LicenseId = idOf('lic');

/** How operators name a licence: its id, or its key. */
export const LicenseRef = z
  .string()
  .max(128)
  .refine(
    (text) => LicenseId.safeParse(text).success || parseLicenseKey(text) !== null,
    'must be the id of a licence (lic_...) or its key, without a mistake',
  );

/** What every operator's verb does around its own word: finds the tenant, locks the licence, saves, tells the pool. */
@Injectable()
export class AlterLicense {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly directory: LicenseDirectory,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly clock: Clock,
  ) {}

  /**
   * One change of one licence, named by its id or key, by an operator whose permission was checked. Gives the licence
   * as it is then. Throws 404 and what `change` throws.
   */
  async execute(
    actor: Actor,
    ref: string,
    change: (license: License, row: LicenseRow, now: Date) => void | Promise<void>,
  ): Promise<LicenseRow> {
    const place = await this.directory.place(ref);
    const owner = actor.as({ tenantId: place.tenantId });
    await this.db.transaction(owner, async () => {
      const { license, row } = await this.licenses.lockWithRow(place.licenseId);
      await change(license, row, this.clock.now());
      await this.licenses.save(license);
    });
    // The event does the same a moment later, also when Redis is away now: who looks right after the verb sees it hold.
    await this.loadPolicy.execute(owner, place).catch(() => undefined);
    return this.licenses.get(owner, place.licenseId);
  }
}
