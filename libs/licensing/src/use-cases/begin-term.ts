import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db } from '#platform';
import { Licenses } from '../persistence/licenses.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import type { Place } from './place.js';

/** Whoever acts on a licence for its tenant: a key alone speaks for the licensed program. */
export const programOf = (actor: Actor, { tenantId, licenseId }: Place): Actor =>
  actor.type === 'anonymous'
    ? actor.as({ type: 'licensed_program', id: licenseId, tenantId })
    : actor.as({ tenantId });

/**
 * Begins the term of a licence whose days count from its first validation or activation: `policy.starts` says so.
 * Once: of many at the same time the first begins it, and all get the policy that says when it ends.
 */
@Injectable()
export class BeginTerm {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly clock: Clock,
  ) {}

  /** The policy as it is from now on, in Redis as well. Throws 404, 503 when Redis is away (the term has begun then). */
  async execute(actor: Actor, place: Place): Promise<PoolPolicy> {
    const owner = programOf(actor, place);
    await this.db.transaction(owner, async () => {
      const { license, row } = await this.licenses.lockWithRow(place.licenseId);
      if (license.begin(row.terms, this.clock.now())) await this.licenses.save(license);
    });
    return this.loadPolicy.execute(owner, place);
  }
}
