import { configOf, secret, setting, whole } from '#platform';
import { peppers } from '../identity.config.js';

/** API keys of service accounts. */
export class ServiceAccountsConfig extends configOf('service accounts', {
  peppers: secret(
    'AUTH_API_KEY_PEPPER',
    peppers(),
    'Keys the hashes of API keys: version:BASE64 pairs of 32 random bytes, of which the first hashes new keys; an old one is needed as long as keys of its time.',
  ),
  keyDays: setting(
    'AUTH_API_KEY_DAYS',
    whole(1, 3_650).default(365),
    'For how many days an API key works whose maker does not say.',
  ),
}) {}
