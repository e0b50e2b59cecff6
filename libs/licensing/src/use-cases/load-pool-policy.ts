import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { Licenses, poolPolicyOf } from '../persistence/licenses.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { type SeatAnswer, SeatPool, seatsUnavailable } from '../seats/seat-pool.js';

/** Where a licence is. */
export interface Place {
  tenantId: string;
  licenseId: string;
}

/** An answer by a policy. */
export type WarmAnswer = Exclude<SeatAnswer, { outcome: 'cold' }>;

/** A policy may expire, or Redis be emptied, between its loading and the question; three times in a row is an outage. */
const TRIES = 3;

/** Reads what seats and verdicts need of a licence from Postgres, and puts it beside its pool. */
@Injectable()
export class LoadPoolPolicy {
  constructor(
    private readonly licenses: Licenses,
    private readonly pool: SeatPool,
  ) {}

  /** Without the pool: a verdict needs no Redis. Throws 404. */
  async read(actor: Actor, place: Place): Promise<PoolPolicy> {
    const row = await this.licenses.get(actor.as({ tenantId: place.tenantId }), place.licenseId);
    return poolPolicyOf(place.tenantId, row);
  }

  /** Throws 404, 503 when Redis is away. */
  async execute(actor: Actor, place: Place): Promise<PoolPolicy> {
    const policy = await this.read(actor, place);
    await this.pool.setPolicy(policy);
    return policy;
  }

  /** What a seat script answers, once the policy it needs is there. Throws 404, 503 `SEATS_UNAVAILABLE`. */
  async before(actor: Actor, place: Place, ask: () => Promise<SeatAnswer>): Promise<WarmAnswer> {
    for (let tries = 0; tries < TRIES; tries++) {
      const answer = await ask();
      if (answer.outcome !== 'cold') return answer as WarmAnswer;
      await this.execute(actor, place);
    }
    throw seatsUnavailable(new Error('The policy of the pool does not stay in Redis.'));
  }
}
