import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { configOf, flag, key32, list, secret, setting, UpstreamConfig, whole } from '#platform';

export interface Pepper {
  version: number;
  key: Buffer;
}

/** One key, which is version 1, or several. An old one is needed as long as what it hashed is: see each setting. */
export const peppers = () =>
  z
    .string()
    .transform((text, context): Pepper[] =>
      text.split(',').flatMap((part) => {
        const [first = '', second] = part.trim().split(':', 2);
        const [version, key] = second === undefined ? ['1', first] : [first, second];
        if (!/^\d{1,4}$/.test(version)) context.addIssue('must have a number before each colon');
        const parsed = key32().safeParse(key);
        for (const issue of parsed.error?.issues ?? []) context.addIssue(issue.message);
        return parsed.success ? [{ version: Number(version), key: parsed.data }] : [];
      }),
    )
    .refine(
      (all) => new Set(all.map((one) => one.version)).size === all.length,
      'must not use a version twice',
    );

const licenseKeyClaim = setting(
  'AUTH_LICENSE_KEY_CLAIM',
  flag(true),
  'Whether tokens, ours and the upstream issuer’s, carry the licence key; license_id and tier are always there.',
);

export class IdentityConfig extends configOf('identity', {
  refreshPeppers: secret(
    'AUTH_REFRESH_PEPPER',
    peppers(),
    'Keys the hashes of refresh tokens: 32 random bytes in base64; or version:BASE64 pairs, of which the first hashes new ones.',
  ),
  issuer: setting('AUTH_ISSUER', z.url().optional(), 'The iss of access tokens; BASE_URL unless given.'),
  audience: setting('AUTH_AUDIENCE', z.string().min(1).default('gatehouse'), 'The aud of access tokens.'),
  licenseKeyClaim,
}) {}

/** What the worker needs of it, which is given no pepper. */
export class ClaimsConfig extends configOf('custom claims', { licenseKeyClaim }) {}

const ServiceAccount = z.looseObject({
  project_id: z.string(),
  client_email: z.string(),
  private_key: z.string(),
});

/** S1-04, S1-05, S1-06. */
const PROVIDERS = ['google.com', 'github.com', 'microsoft.com'] as const;

/** Firebase Auth, or Google Identity Platform, as the upstream identity (S1-23). */
export class FirebaseConfig extends configOf(
  'firebase',
  {
    projectId: UpstreamConfig.settings.firebaseProject,
    providers: setting(
      'FIREBASE_PROVIDERS',
      list()
        .default([...PROVIDERS])
        .refine((names) => names.length > 0, 'must name one at least')
        .refine(
          (names) => names.every((name) => /^[a-z0-9-]+\.[a-z0-9._-]+$/.test(name)),
          'must be names like google.com, separated by commas; password, phone, custom and anonymous sign nobody in here',
        ),
      `The sign-in providers whose people are let in, by Firebase’s names; ${PROVIDERS.join(',')} unless set.`,
    ),
    registerMaxAgeSeconds: setting(
      'FIREBASE_REGISTER_MAX_AGE_SECONDS',
      whole(60, 31_536_000).default(3_600),
      'How long ago somebody who registers may have signed in at the provider.',
    ),
    customClaims: setting(
      'FIREBASE_CUSTOM_CLAIMS',
      flag(true),
      'Whether the worker writes tenant, tier, role and scopes into people’s Firebase tokens.',
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
      'The service account that checks revocation and writes claims, as JSON; the machine’s own identity unless given.',
    ),
    apiKey: secret(
      'FIREBASE_API_KEY',
      z
        .string()
        .regex(/^[\w-]{1,200}$/, 'must be the Web API key of the project')
        .optional(),
      'The project’s Web API key, by which the hosted pages sign people in at the providers; they do not offer it without.',
    ),
    emulatorHost: UpstreamConfig.settings.firebaseEmulator,
  },
  (values, env) =>
    values.emulatorHost && (env === 'production' || env === 'staging')
      ? ['FIREBASE_AUTH_EMULATOR_HOST: an emulator takes unsigned tokens; it is refused here.']
      : [],
) {}
