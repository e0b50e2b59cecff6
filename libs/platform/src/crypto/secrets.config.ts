import { configOf, key32, secret } from '../config/config.js';

/** The key that what must be readable again is encrypted under. */
export class SecretsConfig extends configOf('secrets', {
  key: secret(
    'SECRETS_KEY',
    key32(),
    'Encrypts licence keys and kept answers at rest: 32 random bytes, base64.',
  ),
}) {}
