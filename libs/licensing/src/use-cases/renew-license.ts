import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import type { LicenseRow } from '../persistence/license-row.js';
import { AlterLicense, LicenseRef } from './alter-license.js';

export const RenewLicenseInput = z
  .strictObject({
    license: LicenseRef,
    days: z.int().min(1).max(36_500).optional(),
    until: z.date().optional(),
  })
  .refine(({ days, until }) => days === undefined || until === undefined, 'say either days or until');

/** Gives a licence another term: as long as its terms say, or so many days, or until a date. Operators only. */
@Injectable()
export class RenewLicense {
  constructor(private readonly alter: AlterLicense) {}

  /** Throws 404, 409 `LICENSE_ENDED`, `LICENSE_NOT_STARTED` or `LICENSE_WITHOUT_TERM`, 422 `EXPIRY_PASSED`. */
  async execute(actor: Actor, input: z.output<typeof RenewLicenseInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    const { license: ref, ...renewal } = input;
    return this.alter.execute(actor, ref, (license, row, now) => license.renew(renewal, row.terms, now));
  }
}
