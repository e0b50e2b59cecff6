import { Injectable } from '@nestjs/common';
import { Clock, Db } from '#platform';
import type { License } from '../domain/license.js';
import { termsAt } from '../domain/terms.js';
import { Catalogue } from '../persistence/catalogue.js';
import { MintLicense } from './mint-license.js';

/** What every new organisation begins with, and what is left to one whose licences have all ended. */
export const FIRST_PLAN = 'FREE';

/** Makes the first licence of a new tenant, inside the transaction of whoever registers it. */
@Injectable()
export class IssueLicense {
  constructor(
    private readonly db: Db,
    private readonly catalogue: Catalogue,
    private readonly mint: MintLicense,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction. The key is in the clear only in the answer. */
  async execute(input: {
    issuedToUserId: string;
    /** Whether they have proved their address; until then the key alone is good for nothing. */
    isProved: boolean;
  }): Promise<{ license: License; key: string; seats: number | null }> {
    const { tenantId } = this.db.actor;
    if (!tenantId) throw new Error('Issuing a licence needs a tenant.');
    const offer = await this.catalogue.offer(this.db.actor, { plan: FIRST_PLAN });
    if (!offer) throw new Error(`The catalogue has no plan ${FIRST_PLAN}; say gatehouse-admin plans apply.`);

    const layers = { ...offer, tenant: [], license: [], tenantMode: null };
    const terms = termsAt(layers, this.clock.now());
    const { tier, productId, brand } = offer;
    const made = await this.mint.execute({
      tenantId,
      brand,
      tier,
      productId,
      terms,
      issuedTo: input.issuedToUserId,
      isHolderProved: input.isProved,
      followsPurchase: true,
    });
    return { ...made!, seats: terms.seats };
  }
}
