import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import type { LicenseRow } from '../persistence/license-row.js';
import { AlterLicense, LicenseRef } from './alter-license.js';

export const ChangeLicenseStatusInput = z.strictObject({
  license: LicenseRef,
  status: z.enum(['active', 'suspended', 'revoked']),
});

/** Suspends a licence, takes that back, or revokes it for good. Operators only; the actor's reason stands on the licence. */
@Injectable()
export class ChangeLicenseStatus {
  constructor(private readonly alter: AlterLicense) {}

  /** Throws 404, 409 `LICENSE_ENDED`, `LICENSE_ALREADY_SUSPENDED` or `LICENSE_NOT_SUSPENDED`. */
  async execute(actor: Actor, input: z.output<typeof ChangeLicenseStatusInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    const reason = actor.reason ?? '';

    return this.alter.execute(actor, input.license, (license, _, now) => {
      if (input.status === 'suspended') license.suspend(reason, now);
      else if (input.status === 'active') license.reinstate(reason, now);
      else license.revoke(reason, now);
    });
  }
}
