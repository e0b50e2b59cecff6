import { Injectable } from '@nestjs/common';
import { type Actor, Clock } from '#platform';
import { termsAt } from '../domain/terms.js';
import { Licenses } from '../persistence/licenses.js';
import { type PoolPolicy, poolPolicyOf } from '../seats/pool-policy.js';
import type { SeatAnswer } from '../seats/seat-answer.js';
import { SeatPool } from '../seats/seat-pool.js';
import { seatsUnavailable } from '../seats/seat-scripts.js';
import type { Place } from './place.js';

/** An answer by a policy. */
export type Warm<A extends SeatAnswer> = Exclude<A, { outcome: 'cold' }>;
export type WarmAnswer = Warm<SeatAnswer>;

/** A policy may expire, or Redis be emptied, between its loading and the question; three times in a row is an outage. */
const TRIES = 3;

/** Reads what seats and verdicts need of a licence from Postgres, and puts it beside its pool. */
@Injectable()
export class LoadPoolPolicy {
  constructor(
    private readonly licenses: Licenses,
    private readonly pool: SeatPool,
    private readonly clock: Clock,
  ) {}

  /** Without the pool: a verdict needs no Redis. As it is now, or at `at` if that is later. Throws 404. */
  async read(actor: Actor, place: Place, at?: Date): Promise<PoolPolicy> {
    const row = await this.licenses.get(actor.as({ tenantId: place.tenantId }), place.licenseId);
    const now = this.clock.now();
    if (!at || at <= now) return poolPolicyOf(row, now);
    // Redis's clock is ahead of ours: an override that has ended there must not be read as if it still held.
    return poolPolicyOf({ ...row, terms: termsAt(row.layers, at) }, at);
  }

  /** As it lies beside the pool, else as Postgres has it. Throws 404, 503 when Redis is away. */
  async known(actor: Actor, place: Place): Promise<PoolPolicy> {
    const policy = await this.pool.policy(place.licenseId);
    return policy?.tenantId === place.tenantId ? policy : this.read(actor, place);
  }

  /** As Postgres has it, and from then on the pool. Throws 404, 503 when Redis is away. */
  async execute(actor: Actor, place: Place, at?: Date): Promise<PoolPolicy> {
    const policy = await this.read(actor, place, at);
    await this.pool.setPolicy(policy);
    return policy;
  }

  /** What a seat script answers, once the policy it needs is there. Throws 404, 503 `SEATS_UNAVAILABLE`. */
  async before<A extends SeatAnswer>(actor: Actor, place: Place, ask: () => Promise<A>): Promise<Warm<A>> {
    for (let tries = 0; tries < TRIES; tries++) {
      const answer = await ask();
      if (answer.outcome !== 'cold') return answer as Warm<A>;
      await this.execute(actor, place, answer.at);
    }
    throw seatsUnavailable(new Error('The policy of the pool does not stay in Redis.'));
  }
}
