import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Reader, type Response } from 'mmdb-lib';
import { addressKey } from '#platform';
import { Places } from './places.js';

/** Longer names are cut: what is shown is for people. */
const MAX_LENGTH = 100;

/** What a file says of a network; a file is not trusted to hold the form it should. */
type Values = Record<string, unknown>;

/** Places from a file in MaxMind's format, with cities (GeoLite2-City, DB-IP City) or countries alone. */
export class MmdbPlaces extends Places {
  private readonly file: Reader<Response>;

  /** Reads the file once; another one is taken up by a restart. Throws a sentence when it cannot be used. */
  constructor(path: string) {
    super();
    try {
      this.file = new Reader(readFileSync(path));
    } catch (error) {
      throw new Error(`GEOIP_FILE: ${path} cannot be used: ${(error as Error).message}`);
    }
  }

  override async of(address: string): Promise<string | null> {
    try {
      const found = isIP(address) === 0 ? null : this.file.get(mapped(address));
      return found ? nameOf(found as Values) : null;
    } catch {
      // A damaged record: nothing is known of this address.
      return null;
    }
  }
}

/** An IPv4 address that came as IPv6 (`::ffff:203.0.113.7`) is looked up as what it is; no zone is part of an address. */
function mapped(address: string): string {
  const key = addressKey(address);
  return isIP(key) === 4 ? key : address.replace(/%.*$/, '');
}

function nameOf(values: Values): string | null {
  const country = valuesIn(values, 'country');
  const city = english(valuesIn(values, 'city'));
  const code = country?.iso_code;
  const place = city && typeof code === 'string' ? `${city}, ${code}` : (city ?? english(country));
  return place?.slice(0, MAX_LENGTH) ?? null;
}

function english(values: Values | undefined): string | null {
  const name = values && valuesIn(values, 'names')?.en;
  return typeof name === 'string' && name !== '' ? name : null;
}

function valuesIn(values: Values, key: string): Values | undefined {
  const value = values[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
}
