import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, idOf, notFound } from '#platform';
import type { License } from '../domain/license.js';
import { termsAt } from '../domain/terms.js';
import { LicenseDirectory } from '../persistence/license-directory.js';
import type { LicenseRow } from '../persistence/license-row.js';
import { Licenses } from '../persistence/licenses.js';
import { TenantTerms } from '../persistence/tenant-terms.js';
import { LicenseRef } from './alter-license.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import { MintLicense } from './mint-license.js';

export const TransferLicenseInput = z.strictObject({ license: LicenseRef, toTenantId: idOf('ten') });

/**
 * Gives a licence to another tenant: its key leads there from now on, to a licence made of it. The old one stays as
 * `transferred`. Devices and named people stay behind; they are the old tenant's. Operators only.
 */
@Injectable()
export class TransferLicense {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly directory: LicenseDirectory,
    private readonly tenantTerms: TenantTerms,
    private readonly mint: MintLicense,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly clock: Clock,
  ) {}

  /** The new licence. Throws 404 (licence, tenant), 409 `LICENSE_ENDED` or `LICENSE_UNCHANGED`. */
  async execute(actor: Actor, input: z.output<typeof TransferLicenseInput>): Promise<LicenseRow> {
    actor.must('operator:licenses');
    const place = await this.directory.place(input.license);
    if (place.tenantId === input.toTenantId) {
      throw new DomainError('conflict', 'LICENSE_UNCHANGED', 'The licence is this tenant’s already.');
    }

    const from = actor.as({ tenantId: place.tenantId });
    const to = actor.as({ tenantId: input.toTenantId });
    const made = await this.db.transaction(from, async () => {
      const { license, row } = await this.licenses.lockWithRow(place.licenseId);
      const moved = await this.db.alongside(to, () => this.receive(to, license, row));
      await this.licenses.save(license);
      return moved;
    });
    // The events do the same a moment later, also when Redis is away now.
    const target = { tenantId: made.tenantId, licenseId: made.id };
    await this.loadPolicy.execute(from, place).catch(() => undefined);
    await this.loadPolicy.execute(to, target).catch(() => undefined);
    return this.licenses.get(to, made.id);
  }

  private async receive(to: Actor, from: License, row: LicenseRow): Promise<License> {
    const tenantStatus = await this.licenses.lockTenant();
    if (!tenantStatus) throw notFound('tenant');
    const { overrides, heartbeatMode } = await this.tenantTerms.get(to);
    const layers = { ...row.layers, tenant: overrides, tenantMode: heartbeatMode };
    const { tier, productId, policyId, name, metadata } = row;
    const init = {
      ...{ tenantId: to.tenantId!, tier, productId, policyId, name, metadata, overrides: row.overrides },
      terms: termsAt(layers, this.clock.now()),
      tenantStatus,
      issuedTo: null,
    };
    return this.mint.move(init, from, to.reason ?? '');
  }
}
