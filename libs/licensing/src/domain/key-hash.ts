import { keyedHash } from '#platform';
import { normalizeLicenseKey } from '#sdk/formats';

/** What a licence key is found by: HMAC-SHA-256 of its normal form under the lookup key. */
export const keyHashOf = (lookupKey: Buffer, key: string): Buffer =>
  keyedHash(lookupKey, 'license-key', normalizeLicenseKey(key));
