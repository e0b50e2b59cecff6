import { Injectable } from '@nestjs/common';
import { type Actor, Clock } from '#platform';
import { Licenses } from '../persistence/licenses.js';
import { poolPolicyOf } from '../seats/pool-policy.js';
import { SeatPool } from '../seats/seat-pool.js';

const PAGE = 100;

/** Puts the policy of every licence of a tenant beside its pool, after something changed for all of them. */
@Injectable()
export class RefreshTenantPolicies {
  constructor(
    private readonly licenses: Licenses,
    private readonly pool: SeatPool,
    private readonly clock: Clock,
  ) {}

  /** Throws 503 when Redis is away. */
  async execute(actor: Actor): Promise<void> {
    for (let after: string | null = null; ;) {
      const rows = await this.licenses.page(actor, after, PAGE);
      const now = this.clock.now();
      await Promise.all(rows.map((row) => this.pool.setPolicy(poolPolicyOf(row, now))));
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.id;
    }
  }
}
