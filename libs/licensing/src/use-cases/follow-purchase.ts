import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, notFound } from '#platform';
import { followerOf } from '../domain/license.js';
import { LicenseDirectory } from '../persistence/license-directory.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { Licenses } from '../persistence/licenses.js';
import { LicenseRef } from './alter-license.js';
import { LoadPoolPolicy } from './load-pool-policy.js';

export const FollowPurchaseInput = z.strictObject({ license: LicenseRef });

/** Lets a licence be what its tenant buys, where the one that was has ended. Operators only. */
@Injectable()
export class FollowPurchase {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly directory: LicenseDirectory,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly clock: Clock,
  ) {}

  /** Throws 404, 409 `LICENSE_ENDED`, `LICENSE_UNCHANGED` or `PURCHASE_FOLLOWED`. */
  async execute(actor: Actor, input: z.output<typeof FollowPurchaseInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    const place = await this.directory.place(input.license);
    const owner = actor.as({ tenantId: place.tenantId });
    await this.db.transaction(owner, async () => {
      const all = await this.licenses.lockAll();
      const license = all.find((one) => one.id === place.licenseId);
      if (!license) throw notFound('license');
      const before = followerOf(all);
      license.followInsteadOf(before, this.clock.now());
      if (before) await this.licenses.save(before);
      await this.licenses.save(license);
    });
    // The event does the same a moment later, also when Redis is away now.
    await this.loadPolicy.execute(owner, place).catch(() => undefined);
    return this.licenses.get(owner, place.licenseId);
  }
}
