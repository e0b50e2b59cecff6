import { readFileSync } from 'node:fs';
import { addressBytes } from '#platform';
import { Mmdb, type MmdbRecord, type MmdbValue } from './mmdb.js';
import { Places } from './places.js';

/** Longer names are cut: what is shown is for people. */
const MAX_LENGTH = 100;

/** Places from a file in MaxMind's format, with cities (GeoLite2-City, DB-IP City) or countries alone. */
export class MmdbPlaces extends Places {
  private readonly file: Mmdb;

  /** Reads the file once; another one is taken up by a restart. Throws a sentence when it cannot be used. */
  constructor(path: string) {
    super();
    try {
      this.file = new Mmdb(readFileSync(path));
    } catch (error) {
      throw new Error(`GEOIP_FILE: ${path} cannot be used: ${(error as Error).message}`);
    }
  }

  override async of(address: string): Promise<string | null> {
    try {
      const bytes = addressBytes(address);
      const found = bytes && this.file.find(bytes);
      return found ? nameOf(found) : null;
    } catch {
      // A damaged record: nothing is known of this address.
      return null;
    }
  }
}

function nameOf(record: MmdbRecord): string | null {
  const country = recordIn(record, 'country');
  const city = english(recordIn(record, 'city'));
  const code = country?.iso_code;
  const place = city && typeof code === 'string' ? `${city}, ${code}` : (city ?? english(country));
  return place?.slice(0, MAX_LENGTH) ?? null;
}

function english(record: MmdbRecord | undefined): string | null {
  const name = record && recordIn(record, 'names')?.en;
  return typeof name === 'string' && name !== '' ? name : null;
}

function recordIn(record: MmdbRecord, key: string): MmdbRecord | undefined {
  const value: MmdbValue | undefined = record[key];
  return typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value) ? value : undefined;
}
