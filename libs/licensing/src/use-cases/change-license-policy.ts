import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, notFound } from '#platform';
import { termsAt } from '../domain/terms.js';
import { Catalogue, type Offer } from '../persistence/catalogue.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { AlterLicense, LicenseRef } from './alter-license.js';

/** A policy by `pol_...` or `product/code`. */
export const PolicyName = z.string().min(1).max(100);

export const ChangeLicensePolicyInput = z.strictObject({
  license: LicenseRef,
  /** null: none, the terms of its plan alone. */
  policy: PolicyName.nullable(),
});

/** Puts a licence under another policy, or under none; its plan, overrides and expiry stay. Operators only. */
@Injectable()
export class ChangeLicensePolicy {
  constructor(
    private readonly alter: AlterLicense,
    private readonly catalogue: Catalogue,
  ) {}

  /** Throws 404, 409 `LICENSE_ENDED` or `LICENSE_UNCHANGED`. */
  async execute(actor: Actor, input: z.output<typeof ChangeLicensePolicyInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    const policy = input.policy === null ? null : await this.offered(actor, input.policy);

    return this.alter.execute(actor, input.license, (license, row, now) => {
      const terms = termsAt({ ...row.layers, policy: policy?.terms ?? null }, now);
      license.changePolicy(policy, terms, now);
    });
  }

  private async offered(actor: Actor, name: string) {
    const offer = await this.catalogue.offer(actor, { policy: name });
    if (!offer) throw notFound('policy');
    return policyOf(offer);
  }
}

const policyOf = ({ policyId, productId, policy }: Offer) => ({
  id: policyId!,
  productId: productId!,
  terms: policy!,
});
