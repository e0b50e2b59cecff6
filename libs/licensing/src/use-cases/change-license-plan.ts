import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, notFound } from '#platform';
import { termsAt } from '../domain/terms.js';
import { Catalogue } from '../persistence/catalogue.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { AlterLicense, LicenseRef } from './alter-license.js';

/** A plan by its name, or by an alias: STARTER is PRO. */
export const PlanName = z.string().min(1).max(20);

export const ChangeLicensePlanInput = z.strictObject({ license: LicenseRef, plan: PlanName });

/** Puts a licence on another plan; its policy and overrides stay. Operators only. */
@Injectable()
export class ChangeLicensePlan {
  constructor(
    private readonly alter: AlterLicense,
    private readonly catalogue: Catalogue,
  ) {}

  /** Throws 404, 409 `LICENSE_ENDED` or `LICENSE_UNCHANGED`. */
  async execute(actor: Actor, input: z.output<typeof ChangeLicensePlanInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    const offer = await this.catalogue.offer(actor, { plan: input.plan });
    if (!offer) throw notFound('plan');

    return this.alter.execute(actor, input.license, (license, row, now) =>
      license.changePlan(offer.tier, termsAt({ ...row.layers, plan: offer.plan }, now), now),
    );
  }
}
