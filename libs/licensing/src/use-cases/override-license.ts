import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import { TermsPatch } from '../domain/terms.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { AlterLicense, LicenseRef } from './alter-license.js';

export const OverrideLicenseInput = z.strictObject({
  license: LicenseRef,
  terms: TermsPatch,
  /** null: until it is taken away. */
  expiresAt: z.date().nullable(),
});

/** Changes the terms of one licence, for good or for a while. Operators only. */
@Injectable()
export class OverrideLicense {
  constructor(private readonly alter: AlterLicense) {}

  /** Throws 404, 409 `LICENSE_ENDED` or `OVERRIDES_EXHAUSTED`, 422 `OVERRIDE_EMPTY` or `EXPIRY_PASSED`. */
  async execute(actor: Actor, input: z.output<typeof OverrideLicenseInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    const { terms, expiresAt } = input;
    const added = { terms, expiresAt: expiresAt?.toISOString() ?? null, reason: actor.reason ?? '' };
    return this.alter.execute(actor, input.license, (license, _, now) => license.override(added, now));
  }
}
