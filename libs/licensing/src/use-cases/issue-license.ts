import { Injectable } from '@nestjs/common';
import { Clock, Db, SealedBox } from '#platform';
import { keyHashOf } from '../domain/key-hash.js';
import { License } from '../domain/license.js';
import { FREE_PLAN } from '../domain/plan.js';
import { LicensingConfig } from '../licensing.config.js';
import { Licenses } from '../persistence/licenses.js';

/** Seals a licence key for the row it stands in. */
export const keyContext = (licenseId: string) => `license-key:${licenseId}`;

/** Makes the Free licence of a new tenant, inside the transaction of whoever registers it. */
@Injectable()
export class IssueLicense {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly box: SealedBox,
    private readonly config: LicensingConfig,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction. The key is in the clear only in the answer. */
  async execute(input: { issuedToUserId: string }): Promise<{ license: License; key: string }> {
    const { tenantId } = this.db.actor;
    if (!tenantId) throw new Error('Issuing a licence needs a tenant.');

    const { license, key } = License.issue(
      { tenantId, brand: this.config.brand, plan: FREE_PLAN, issuedTo: input.issuedToUserId },
      (plain, licenseId) => this.box.seal(Buffer.from(plain), keyContext(licenseId)),
      this.clock.now(),
    );
    await this.licenses.insert(license, keyHashOf(this.config.lookupKey, key));
    return { license, key };
  }
}
