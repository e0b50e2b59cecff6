import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Actor } from '#platform';
import { parseLicenseKey } from '#sdk/formats';
import { keyHashOf } from '../domain/key-hash.js';
import { LicensingConfig } from '../licensing.config.js';
import { Licenses, poolPolicyOf } from '../persistence/licenses.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { SeatPool } from '../seats/seat-pool.js';

interface Place {
  tenantId: string;
  licenseId: string;
}

/** Where keys belong never changes, so a process may remember; each place is about 200 bytes. */
const REMEMBERED_PLACES = 50_000;

/** From a licence key to its place, and from a place to what seats and verdicts need: Redis first, then Postgres. */
@Injectable()
export class FindLicense {
  private readonly places = new LRUCache<string, Place>({ max: REMEMBERED_PLACES });

  constructor(
    private readonly licenses: Licenses,
    private readonly pool: SeatPool,
    private readonly config: LicensingConfig,
  ) {}

  /** Null for a key that is mistyped or unknown. */
  async byKey(actor: Actor, key: string): Promise<Place | null> {
    if (!parseLicenseKey(key)) return null;
    const hash = keyHashOf(this.config.lookupKey, key);
    const name = hash.toString('base64');
    const remembered = this.places.get(name);
    if (remembered) return remembered;
    const place = await this.licenses.locate(actor, hash);
    if (place) this.places.set(name, place);
    return place;
  }

  /** Reads the policy from Postgres and puts it beside the pool. Throws 404. */
  async refreshPolicy(actor: Actor, place: Place): Promise<PoolPolicy> {
    const row = await this.licenses.get(actor.as({ tenantId: place.tenantId }), place.licenseId);
    const policy = poolPolicyOf(place.tenantId, row);
    await this.pool.setPolicy(policy);
    return policy;
  }
}
