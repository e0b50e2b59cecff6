import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import type { LicenseRow } from '../persistence/license-row.js';
import { AlterLicense, LicenseRef } from './alter-license.js';

/** Which of several overrides, as they are shown; left out: all. */
export const OverrideNumber = z.int().min(1).max(100).optional();

export const ClearLicenseOverrideInput = z.strictObject({ license: LicenseRef, number: OverrideNumber });

/** Takes an override of a licence away, or all of them. Operators only. */
@Injectable()
export class ClearLicenseOverride {
  constructor(private readonly alter: AlterLicense) {}

  /** Throws 404, 409 `LICENSE_ENDED`. */
  async execute(actor: Actor, input: z.output<typeof ClearLicenseOverrideInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    return this.alter.execute(actor, input.license, (license, _, now) =>
      license.clearOverride(input.number, now),
    );
  }
}
