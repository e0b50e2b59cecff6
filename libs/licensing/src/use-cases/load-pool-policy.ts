import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Licenses, poolPolicyOf } from '../persistence/licenses.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatPool } from '../seats/seat-pool.js';

/** Where a licence is. */
export interface Place {
  tenantId: string;
  licenseId: string;
}

/** Reads what seats and verdicts need of a licence from Postgres, and puts it beside its pool. */
@Injectable()
export class LoadPoolPolicy {
  constructor(
    private readonly licenses: Licenses,
    private readonly pool: SeatPool,
  ) {}

  /** Throws 404. */
  async execute(actor: Actor, place: Place): Promise<PoolPolicy> {
    const row = await this.licenses.get(actor.as({ tenantId: place.tenantId }), place.licenseId);
    const policy = poolPolicyOf(place.tenantId, row);
    await this.pool.setPolicy(policy);
    return policy;
  }
}
