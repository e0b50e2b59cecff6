import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { configOf, key32, secret, setting } from '#platform';

/** PEM, or PKCS#8 in base64: line breaks do not survive every environment. */
const rsaPrivateKey = () =>
  z.string().transform((text, context): KeyObject => {
    try {
      const key = text.includes('-----BEGIN')
        ? createPrivateKey(text.replaceAll('\\n', '\n'))
        : createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      if (key.asymmetricKeyType === 'rsa' && bits >= 2048) return key;
      context.addIssue('must be an RSA key of at least 2048 bits');
    } catch {
      context.addIssue('must be a private key in PEM, or PKCS#8 in base64');
    }
    return z.NEVER;
  });

export class IdentityConfig extends configOf('identity', {
  signingKey: secret(
    'AUTH_SIGNING_KEY',
    rsaPrivateKey(),
    'Signs access tokens (RS256): an RSA private key in PEM, or PKCS#8 in base64.',
  ),
  refreshPepper: secret(
    'AUTH_REFRESH_PEPPER',
    key32(),
    'Keys the hashes of refresh tokens: 32 random bytes, base64.',
  ),
  issuer: setting('AUTH_ISSUER', z.url().optional(), 'The iss of access tokens; BASE_URL unless given.'),
  audience: setting('AUTH_AUDIENCE', z.string().min(1).default('gatehouse'), 'The aud of access tokens.'),
}) {}

const ServiceAccount = z.looseObject({
  project_id: z.string(),
  client_email: z.string(),
  private_key: z.string(),
});

/** Firebase Auth, or Google Identity Platform, as the upstream identity (S1-23). */
export class FirebaseConfig extends configOf(
  'firebase',
  {
    projectId: setting(
      'FIREBASE_PROJECT_ID',
      z.string().min(1).optional(),
      'The Firebase project whose ID tokens sign people in.',
    ),
    credentials: secret(
      'FIREBASE_CREDENTIALS',
      z
        .string()
        .transform((text, context) => {
          try {
            const account = ServiceAccount.parse(JSON.parse(text));
            createPrivateKey(account.private_key);
            return account as Record<string, string>;
          } catch {
            context.addIssue(
              'must be the JSON of a service account, with project_id, client_email and private_key',
            );
            return z.NEVER;
          }
        })
        .optional(),
      'The service account that checks revocation, as JSON; the machine’s own identity unless given.',
    ),
    emulatorHost: setting(
      'FIREBASE_AUTH_EMULATOR_HOST',
      z.string().optional(),
      'host:port of the Auth emulator. Its tokens are not signed: never in production.',
    ),
  },
  (values, env) =>
    values.emulatorHost && (env === 'production' || env === 'staging')
      ? ['FIREBASE_AUTH_EMULATOR_HOST: an emulator takes unsigned tokens; it is refused here.']
      : [],
) {}
