import { configOf, list, setting, UpstreamConfig } from '#platform';
import { BillingConfig } from '#billing';

/** What Gatehouse can do without, and an installation may have promised to have. */
export const PROVIDERS = ['stripe', 'firebase', 'auth0'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What each of them needs, by the name of its setting. */
export const NEEDS: Readonly<Record<Provider, readonly string[]>> = {
  stripe: ['ENABLE_BILLING', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
  firebase: ['FIREBASE_PROJECT_ID'],
  auth0: ['AUTH0_DOMAIN', 'AUTH0_AUDIENCE', 'AUTH0_CLIENT_ID'],
};

/** The optional providers that an installation counts on: what is declared and not set up does not start (S2-49). */
export class ProvidersConfig extends configOf(
  'providers',
  {
    declared: setting(
      'PROVIDERS',
      list()
        .default([])
        .refine(
          (names) => names.every((name) => (PROVIDERS as readonly string[]).includes(name)),
          `must be some of ${PROVIDERS.join(', ')}, separated by commas`,
        ),
      `The optional providers that must be set up, or nothing starts: ${PROVIDERS.join(', ')}, separated by commas.`,
    ),
    ENABLE_BILLING: BillingConfig.settings.isEnabled,
    STRIPE_SECRET_KEY: BillingConfig.settings.secretKey,
    STRIPE_WEBHOOK_SECRET: BillingConfig.settings.webhookSecret,
    FIREBASE_PROJECT_ID: UpstreamConfig.settings.firebaseProject,
    AUTH0_DOMAIN: UpstreamConfig.settings.auth0Domain,
    AUTH0_AUDIENCE: UpstreamConfig.settings.auth0Audience,
    AUTH0_CLIENT_ID: UpstreamConfig.settings.auth0ClientId,
  },
  ({ declared, ...values }) =>
    (declared as Provider[]).flatMap((provider) =>
      NEEDS[provider]
        .filter((name) => !values[name as keyof typeof values])
        .map((name) => `${name}: PROVIDERS declares ${provider}, which needs it.`),
    ),
) {}
