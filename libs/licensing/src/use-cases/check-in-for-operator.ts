import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import type { LicenseRow } from '../persistence/license-row.js';
import { AlterLicense, LicenseRef } from './alter-license.js';

export const CheckInForOperatorInput = z.strictObject({ license: LicenseRef });

/** Checks a licence in for a customer who cannot. Operators only. */
@Injectable()
export class CheckInForOperator {
  constructor(private readonly alter: AlterLicense) {}

  /** Throws 404, 409 `LICENSE_ENDED` or `CHECK_IN_NOT_NEEDED`. */
  async execute(actor: Actor, input: z.output<typeof CheckInForOperatorInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    return this.alter.execute(actor, input.license, (license, row, now) => license.checkIn(row.terms, now));
  }
}
