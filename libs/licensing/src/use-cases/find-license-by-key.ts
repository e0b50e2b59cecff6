import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Actor, DomainError, GuessLimit, notFound } from '#platform';
import { parseLicenseKey } from '#sdk/formats';
import { keyHashOf } from '../domain/key-hash.js';
import { LicensingConfig } from '../licensing.config.js';
import { Licenses } from '../persistence/licenses.js';
import { KeyUses } from '../seats/key-uses.js';
import type { Place } from './place.js';

/** Each place is about 200 bytes. */
const REMEMBERED_PLACES = 50_000;
/** A key moves once in its life, if ever; whoever does not ask `hasMoved` notices after so long, in ms. */
const REMEMBERED_MS = 300_000;

/**
 * From a licence key to its place. HASH12 is 48 bits, so misses are limited hard, per address and of everybody
 * together (the numbers: docs/decisions/licenses.md).
 */
@Injectable()
export class FindLicenseByKey {
  private readonly places = new LRUCache<string, Place>({ max: REMEMBERED_PLACES, ttl: REMEMBERED_MS });

  constructor(
    private readonly licenses: Licenses,
    private readonly guesses: GuessLimit,
    private readonly uses: KeyUses,
    private readonly config: LicensingConfig,
  ) {}

  /** Null for a key that is mistyped or unknown, without a difference. Throws 429 `RATE_LIMITED` while misses are spent. */
  async execute(actor: Actor, key: string): Promise<Place | null> {
    const { address } = actor.origin;
    if (!parseLicenseKey(key)) return this.mistyped(address);

    const hash = keyHashOf(this.config.lookupKey, key);
    const name = hash.toString('base64');
    if (address !== null && !this.uses.has(address, name)) await this.mayLookUp(address, name);
    const place = this.places.get(name) ?? (await this.locate(actor, hash, name));
    if (!place) await this.guesses.miss(address);
    else if (address !== null) this.uses.note(address, name);
    return place;
  }

  /** The place for who must find one. Throws 404 also for a key of another tenant than the bearer's, and as {@link execute}. */
  async found(actor: Actor, key: string): Promise<Place> {
    const place = await this.execute(actor, key);
    if (!place || (actor.tenantId && place.tenantId !== actor.tenantId)) throw notFound('license');
    return place;
  }

  /**
   * Whether a key leads elsewhere by now, when the licence it led to turned out to be `TRANSFERRED`: a place is
   * remembered, and the key may have moved since. Whoever asks again finds the new one.
   */
  async hasMoved(actor: Actor, key: string | undefined, from: Place): Promise<boolean> {
    if (key === undefined) return false;
    const hash = keyHashOf(this.config.lookupKey, key);
    const place = await this.locate(actor, hash, hash.toString('base64'));
    return place !== null && place.licenseId !== from.licenseId;
  }

  /** The same for who was refused, maybe only because of that. */
  async isRefusedAsMoved(
    actor: Actor,
    key: string | undefined,
    from: Place,
    refusal: unknown,
  ): Promise<boolean> {
    const isRevoked = refusal instanceof DomainError && refusal.code === 'LICENSE_REVOKED';
    return isRevoked && this.hasMoved(actor, key, from);
  }

  /**
   * A key in use goes on working from where it was used, whatever others try. That alone: a key that anybody could use
   * while misses are spent is a key that anybody could go on guessing.
   */
  private async mayLookUp(address: string, name: string): Promise<void> {
    try {
      this.guesses.check(address);
      this.guesses.checkEverybody();
    } catch (refusal) {
      if (!(await this.uses.everHad(address, name))) throw refusal;
    }
  }

  private async locate(actor: Actor, hash: Buffer, name: string): Promise<Place | null> {
    const place = await this.licenses.locate(actor, hash);
    if (place) this.places.set(name, place);
    else this.places.delete(name);
    return place;
  }

  /** The checksum told, as it would tell anybody offline; counted apart, so that typing errors take no guess from others. */
  private async mistyped(address: string | null): Promise<null> {
    this.guesses.check(address, 'mistyped_key');
    await this.guesses.miss(address, 'mistyped_key');
    return null;
  }
}
