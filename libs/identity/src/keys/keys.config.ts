import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { configOf, secret, setting, whole } from '#platform';
import { algorithmOf, ALGORITHMS } from './algorithms.js';

/** PEM, or PKCS#8 in base64: line breaks do not survive every environment. */
const privateKey = () =>
  z.string().transform((text, context): KeyObject => {
    try {
      const key = text.includes('-----BEGIN')
        ? createPrivateKey(text.replaceAll('\\n', '\n'))
        : createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
      if (algorithmOf(key)) return key;
      context.addIssue('must be an RSA key of at least 2048 bits, a P-256 key or an Ed25519 key');
    } catch {
      context.addIssue('must be a private key in PEM, or PKCS#8 in base64');
    }
    return z.NEVER;
  });

export const vaultUrl = () =>
  z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .transform((url) => new URL(url));

/** Where the private halves of signing keys are. For the API and the command line; the worker never reads it. */
export class KeysConfig extends configOf(
  'keys',
  {
    signingKey: secret(
      'AUTH_SIGNING_KEY',
      privateKey().optional(),
      'The first key that signs access tokens, in PEM or PKCS#8 in base64; the only one unless there is a store.',
    ),
    algorithm: setting(
      'AUTH_SIGNING_ALGORITHM',
      z.enum(ALGORITHMS, { error: `must be one of ${ALGORITHMS.join(', ')}` }).default('RS256'),
      'What new keys sign with: RS256, ES256 or EdDSA.',
    ),
    directory: setting(
      'AUTH_KEYS_DIR',
      z.string().min(1).optional(),
      'A store of signing keys: a directory of encrypted files that every API process shares.',
    ),
    vaultAddress: setting(
      'AUTH_VAULT_ADDR',
      vaultUrl().optional(),
      'A store of signing keys: the Transit engine of this Vault, or of a Vault Agent in front of it.',
    ),
    vaultToken: secret(
      'AUTH_VAULT_TOKEN',
      z.string().min(1).optional(),
      'The token for that Vault; none where a Vault Agent adds it.',
    ),
    vaultNamespace: setting(
      'AUTH_VAULT_NAMESPACE',
      z.string().min(1).optional(),
      'The namespace in that Vault.',
    ),
    vaultMount: setting(
      'AUTH_VAULT_MOUNT',
      z
        .string()
        .regex(/^[\w/-]{1,100}$/, 'must be a path of letters, digits, - and _')
        .default('transit'),
      'Where its Transit engine is mounted.',
    ),
    vaultPrefix: setting(
      'AUTH_VAULT_PREFIX',
      z
        .string()
        .regex(/^[\w-]{1,64}$/, 'must be up to 64 letters, digits, - and _')
        .default('gatehouse'),
      'What the names of our keys there begin with.',
    ),
    etagSalt: setting(
      'AUTH_JWKS_ETAG_SALT',
      z.string().max(200).default(''),
      'Goes into the ETag of the JWKS: another one makes every cache ask again.',
    ),
  },
  (values, env) => [
    ...(values.directory && values.vaultAddress
      ? ['AUTH_KEYS_DIR: there is one store of signing keys, and AUTH_VAULT_ADDR names another.']
      : []),
    ...(values.signingKey || values.directory || values.vaultAddress
      ? []
      : ['AUTH_SIGNING_KEY: it is needed and not set, unless AUTH_KEYS_DIR or AUTH_VAULT_ADDR is.']),
    ...(env === 'production' && values.vaultAddress && !isPrivate(values.vaultAddress)
      ? ['AUTH_VAULT_ADDR: production needs https, or a Vault Agent on this machine.']
      : []),
  ],
) {}

export const isPrivate = ({ protocol, hostname }: URL) =>
  protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);

/** When keys take turns: for whoever rotates, and for those who publish them. Nothing secret. */
export class KeyScheduleConfig extends configOf('key schedule', {
  rotationDays: setting(
    'AUTH_KEY_ROTATION_DAYS',
    whole(0, 3_650).default(90),
    'After how many days the next key takes over; 0: only by command.',
  ),
  jwksMaxAge: setting(
    'AUTH_JWKS_MAX_AGE_SECONDS',
    whole(0, 86_400).default(300),
    'How long others may keep the JWKS; the next key is published for as long before it signs.',
  ),
}) {}
