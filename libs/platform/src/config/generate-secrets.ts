import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { SystemClock } from '../clock/clock.js';

/** RFC 7518, 3.3 asks for at least 2048 bits; 3072 is NIST's advice beyond 2030 but signs three times slower. */
const RSA_BITS = 2048;

/**
 * New random values for every secret setting of the product, by name. Keys of pairs come as PKCS#8 or SPKI in
 * base64, so that each fits on a line. None of what others make, like Stripe's signing secrets.
 */
export function generateSecrets(): Record<string, string> {
  const key = () => randomBytes(32).toString('base64');
  const passports = generateKeyPairSync('ed25519');
  return {
    SECRETS_KEY: key(),
    LICENSE_LOOKUP_KEY: key(),
    HARDWARE_KEY: key(),
    SEAT_KEYS: `1:${key()}`,
    LICENSE_SIGNING_KEYS: `${randomBytes(4).toString('hex')}:${key()}@${secondOf(new SystemClock().now())}`,
    AUTH_REFRESH_PEPPER: key(),
    AUTH_API_KEY_PEPPER: `1:${key()}`,
    AUTH_ADDRESS_KEY: key(),
    AUTH_MAIL_TOKEN_KEY: key(),
    AUTH_PASSWORD_KEYS: `1:${key()}`,
    AUTH_SIGNING_KEY: der(generateKeyPairSync('rsa', { modulusLength: RSA_BITS }).privateKey, 'pkcs8'),
    COMMIT_KEY: key(),
    AUDIT_KEY: der(generateKeyPairSync('ed25519').privateKey, 'pkcs8'),
    ED25519_SK: der(passports.privateKey, 'pkcs8'),
    ED25519_VK: der(passports.publicKey, 'spki'),
  };
}

/** ISO 8601 in whole seconds. */
const secondOf = (at: Date) => `${at.toISOString().slice(0, 19)}Z`;

function der(key: KeyObject, type: 'pkcs8' | 'spki'): string {
  return key.export({ type: type as 'pkcs8', format: 'der' }).toString('base64');
}
