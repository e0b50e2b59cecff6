import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, SealedBox } from '#platform';
import { keyHashOf } from '../domain/key-hash.js';
import { License, type NewLicense } from '../domain/license.js';
import { HASH12_BYTES, newLicenseKey } from '../domain/license-key.js';
import { LicensingConfig } from '../licensing.config.js';
import { Licenses } from '../persistence/licenses.js';

/** Seals a licence key for the row it stands in. */
export const keyContext = (licenseId: string) => `license-key:${licenseId}`;

/** Of a million licences a new key meets one in 280 million times: who needs a second try needs no third. */
const TRIES = 3;

/** What a licence is made of; `brand` null: `LICENSE_BRAND`. An imported `key`; left out: a new one. */
export type Minting = Omit<NewLicense, 'key'> & { brand: string | null; key?: string };

/** Makes licences and their keys, which are in the clear only in the answer. */
@Injectable()
export class MintLicense {
  constructor(
    private readonly licenses: Licenses,
    private readonly box: SealedBox,
    private readonly config: LicensingConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Inside the transaction around the caller. Null when `init.key` is the key of another licence; without one a new
   * key is made until it is nobody's.
   */
  async execute(
    init: Minting,
    random: (size: number) => Uint8Array = randomBytes,
  ): Promise<{ license: License; key: string } | null> {
    const brand = init.brand ?? this.config.brand;
    for (let tries = 0; tries < TRIES; tries++) {
      const key = init.key ?? newLicenseKey(brand, init.tier, random(HASH12_BYTES));
      const license = License.issue({ ...init, key }, this.seal, this.clock.now());
      if (await this.licenses.insert(license, keyHashOf(this.config.lookupKey, key))) return { license, key };
      if (init.key) return null;
    }
    throw new Error('No new licence key could be found; is the random source broken?');
  }

  /** A licence made of another one's key, which leads to it from now on. Throws 409 `LICENSE_ENDED`. */
  async move(init: Omit<NewLicense, 'key'>, from: License, reason: string): Promise<License> {
    const now = this.clock.now();
    const key = this.box.open(from.keySealed, keyContext(from.id)).toString();
    const license = License.issue({ ...init, key }, this.seal, now);
    from.transfer(license, reason, now);
    await this.licenses.insertMoved(license, from, keyHashOf(this.config.lookupKey, key));
    return license;
  }

  private readonly seal = (key: string, licenseId: string): Buffer =>
    this.box.seal(Buffer.from(key), keyContext(licenseId));
}
