import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Actor, DomainError } from '#platform';
import { type KeyRefusal, whyNotByKey } from '../domain/key-alone.js';
import type { Terms } from '../domain/terms.js';
import { type PoolPolicy, stampOf } from '../seats/pool-policy.js';
import { SeatPool } from '../seats/seat-pool.js';
import { LoadPoolPolicy } from '../use-cases/load-pool-policy.js';
import type { Place } from '../use-cases/place.js';
import { Flights } from './flights.js';
import { quotasUnavailable } from './quota-counter.js';

/** About 10 MB when full. */
const REMEMBERED = 20_000;

/** What a count needs to know of a licence. */
export interface MeteredLicense extends Place {
  /** Of the policy that says so. */
  stamp: string;
  /** Epoch ms from which on nothing is counted any more; 0: never. */
  expires: number;
  blocked: PoolPolicy['blocked'];
  keyRefusal: KeyRefusal | null;
  /** null: whoever may use the tenant's licences. */
  namedUsers: readonly string[] | null;
  timeZone: string;
  meters: Terms['meters'];
}

/**
 * What this process last read of licences. The script compares the stamp, so that a use costs one call and no policy
 * has to be sent or parsed; what it finds to be old is read again.
 */
@Injectable()
export class MeteredLicenses {
  private readonly flights = new Flights();
  private readonly known = new LRUCache<string, MeteredLicense>({ max: REMEMBERED });

  constructor(
    private readonly pool: SeatPool,
    private readonly loadPolicy: LoadPoolPolicy,
  ) {}

  /** What is remembered, and may be old; null: nothing. */
  recall({ tenantId, licenseId }: Place): MeteredLicense | null {
    const known = this.known.get(licenseId);
    // Another tenant may name any licence; what it may not see it does not learn of here.
    return known?.tenantId === tenantId ? known : null;
  }

  /** As Redis has it, else as Postgres does. Throws 404, 503 when Redis is away. */
  async read(actor: Actor, place: Place): Promise<MeteredLicense> {
    const policy = await reach(() => this.pool.policy(place.licenseId));
    if (policy?.tenantId === place.tenantId) return this.learn(policy);
    return this.load(actor, place);
  }

  /** As Postgres has it, and from then on Redis; `at`: its clock, if that is ahead of ours. Throws 404, 503 when Redis is away. */
  async load(actor: Actor, place: Place, at?: Date): Promise<MeteredLicense> {
    const load = () => reach(() => this.loadPolicy.execute(actor, place, at));
    return this.learn(await this.flights.join(`${place.tenantId} ${place.licenseId}`, load));
  }

  learn(policy: PoolPolicy, stamp = stampOf(JSON.stringify(policy))): MeteredLicense {
    const { tenantId, licenseId, terms } = policy;
    const known: MeteredLicense = {
      tenantId,
      licenseId,
      stamp,
      expires: terms.expiryStrategy === 'restrict' ? (policy.expiresAt?.getTime() ?? 0) : 0,
      blocked: policy.blocked,
      keyRefusal: whyNotByKey(policy),
      namedUsers: terms.namedUsers ? policy.users : null,
      timeZone: policy.timeZone,
      meters: terms.meters,
    };
    this.known.set(licenseId, known);
    return known;
  }
}

/** The pools speak of seats; here it is quotas that nobody can decide. */
async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const isAway = cause instanceof DomainError && cause.code === 'SEATS_UNAVAILABLE';
    throw isAway ? quotasUnavailable(cause.cause) : cause;
  }
}
