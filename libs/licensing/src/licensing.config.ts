import { z } from 'zod';
import { configOf, key32, secret, setting } from '#platform';
import { signingKeySetting } from './leases/signing-key-setting.js';

/** `kid:key` pairs, the first signs; `!kid:key` marks a key as compromised: its seats must be acquired again. */
const seatKeys = () =>
  z
    .string()
    .transform((text, context) => {
      const keys = text.split(',').map((pair) => {
        const match = /^(!?)(\d{1,3}):([A-Za-z0-9+/=]{43,44})$/.exec(pair.trim());
        const key = match ? key32().safeParse(match[3]) : undefined;
        const id = Number(match?.[2]);
        if (!match || !key?.success || id > 255) {
          context.addIssue('must be pairs like 1:BASE64 with 32 random bytes, separated by commas');
          return null;
        }
        return { id, key: key.data, compromised: match[1] === '!' };
      });
      return keys.filter((key) => key !== null);
    })
    .refine((keys) => new Set(keys.map((key) => key.id)).size === keys.length, 'must not use a key id twice')
    .refine((keys) => keys[0]?.compromised === false, 'must begin with a key that is not compromised');

export class LicensingConfig extends configOf('licensing', {
  brand: setting(
    'LICENSE_BRAND',
    z
      .string()
      .regex(/^[A-Z0-9]{1,12}$/, 'must be 1 to 12 of A-Z and 0-9')
      .default('GH'),
    'The first part of every licence key.',
  ),
  lookupKey: secret(
    'LICENSE_LOOKUP_KEY',
    key32(),
    'Keys the hash that licence keys are found by: 32 random bytes, base64.',
  ),
  hardwareKey: secret(
    'HARDWARE_KEY',
    key32(),
    'Keys the hash of hardware ids, per tenant: 32 random bytes, base64.',
  ),
  seatKeys: secret(
    'SEAT_KEYS',
    seatKeys(),
    'Authenticate session ids: id:BASE64 pairs, newest first; a leading ! marks a compromised one.',
  ),
}) {}

/** The keys that leases, key sets and answers are signed with: for the processes that sign. */
export class LeasesConfig extends configOf('leases', {
  signingKeys: secret(
    'LICENSE_SIGNING_KEYS',
    signingKeySetting(),
    'Ed25519 keys of leases and signed answers: kid:BASE64@SINCE entries, exactly one without a mark, which signs; ' +
      '+ next, - retiring, ! compromised. `gatehouse-admin signing-keys` writes the next value.',
  ),
}) {}
