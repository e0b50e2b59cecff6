import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Actor, GuessLimit } from '#platform';
import { parseLicenseKey } from '#sdk/formats';
import { keyHashOf } from '../domain/key-hash.js';
import { LicensingConfig } from '../licensing.config.js';
import { Licenses } from '../persistence/licenses.js';
import type { Place } from './load-pool-policy.js';

/** Where keys belong never changes, so a process may remember; each place is about 200 bytes. */
const REMEMBERED_PLACES = 50_000;

/** From a licence key to its place. Who keeps asking for keys that do not exist is slowed down hard. */
@Injectable()
export class FindLicenseByKey {
  private readonly places = new LRUCache<string, Place>({ max: REMEMBERED_PLACES });

  constructor(
    private readonly licenses: Licenses,
    private readonly guesses: GuessLimit,
    private readonly config: LicensingConfig,
  ) {}

  /** Null for a key that is mistyped or unknown. Throws 429 for an address that has guessed too often. */
  async execute(actor: Actor, key: string): Promise<Place | null> {
    const { address } = actor.origin;
    const hash = parseLicenseKey(key) && keyHashOf(this.config.lookupKey, key);
    const name = hash?.toString('base64') ?? '';
    // A key in use goes on working, whatever a neighbour behind the same address tries.
    const remembered = this.places.get(name);
    if (remembered) return remembered;

    this.guesses.check(address);
    const place = hash && (await this.licenses.locate(actor, hash));
    if (place) this.places.set(name, place);
    else await this.guesses.miss(address);
    return place;
  }
}
