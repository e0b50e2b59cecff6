import { z } from 'zod';
import { configOf, type Env, flag, isPattern, secret, setting, whole } from '#platform';

const STRIPE_API = 'https://api.stripe.com';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

const signingSecret = () =>
  z
    .string()
    .regex(/^whsec_[\w+/=-]{16,}$/, 'must be a signing secret of Stripe, whsec_...')
    .refine(
      (text) => !isPattern(text.slice('whsec_'.length)),
      'must be the one that Stripe gave, not an example',
    )
    .optional();

/** A secret or a restricted key (docs.stripe.com/keys); a publishable one can do nothing here. */
const secretKey = () =>
  z
    .string()
    .regex(/^(sk|rk)_(test|live)_\w{16,}$/, 'must be a secret key of Stripe, sk_... or rk_...')
    .refine(
      (text) => !isPattern(text.slice('sk_test_'.length)),
      'must be the one that Stripe gave, not an example',
    )
    .optional();

/** Who Stripe is, whether we sell through it, and how its webhooks are known. */
export class BillingConfig extends configOf(
  'billing',
  {
    isEnabled: setting(
      'ENABLE_BILLING',
      flag(false),
      'Whether plans are sold through Stripe: checkout, portal, and what follows from its events.',
    ),
    secretKey: secret(
      'STRIPE_SECRET_KEY',
      secretKey(),
      'What we show Stripe; one of test mode for anything but real money.',
    ),
    apiUrl: setting(
      'STRIPE_API_URL',
      z.string().default(STRIPE_API).transform(asOrigin),
      'Where Stripe is; another than its own for a stand-in, without TLS on this machine alone.',
    ),
    webhookSecret: secret(
      'STRIPE_WEBHOOK_SECRET',
      signingSecret(),
      'Checks that webhooks come from Stripe; without it every webhook is refused.',
    ),
    previousWebhookSecret: secret(
      'STRIPE_WEBHOOK_SECRET_PREVIOUS',
      signingSecret(),
      'The secret before, valid beside the new one while it is being rotated.',
    ),
    thinWebhookSecret: secret(
      'STRIPE_THIN_WEBHOOK_SECRET',
      signingSecret(),
      'Checks thin events, which come from an event destination of their own; without it they are checked by the others.',
    ),
    previousThinWebhookSecret: secret(
      'STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS',
      signingSecret(),
      'The one before, valid beside the new one while it is being rotated.',
    ),
    timeoutMs: setting(
      'STRIPE_TIMEOUT_MS',
      whole(500, 60_000).default(10_000),
      'How long one call of Stripe may take, in ms.',
    ),
    maxCalls: setting(
      'STRIPE_MAX_CALLS',
      whole(1, 100).default(10),
      'How many calls of Stripe one process makes at a time; more of them wait a moment, then are refused.',
    ),
    testClock: setting(
      'STRIPE_TEST_CLOCK',
      z
        .string()
        .regex(/^clock_\w{1,60}$/, 'must be the id of a test clock, clock_...')
        .optional(),
      'A test clock of Stripe, by whose time new customers live: for trying out what time does, in test mode alone.',
    ),
  },
  (values, env) => [...whatIsMissing(values), ...whereToIsRefused(values, env), ...clockIsRefused(values)],
) {}

interface Wanted {
  isEnabled: boolean;
  secretKey: string | undefined;
  webhookSecret: string | undefined;
  apiUrl: URL;
  testClock: string | undefined;
}

function whatIsMissing({ isEnabled, secretKey: key, webhookSecret }: Wanted): string[] {
  if (!isEnabled) return [];
  const faults: string[] = [];
  if (!key) faults.push('STRIPE_SECRET_KEY: ENABLE_BILLING=true needs it.');
  if (!webhookSecret) faults.push('STRIPE_WEBHOOK_SECRET: ENABLE_BILLING=true needs it.');
  return faults;
}

/** A stand-in takes every card for good: in production it would give plans away. */
function whereToIsRefused({ secretKey: key, apiUrl }: Wanted, env: Env): string[] {
  if (apiUrl.origin === STRIPE_API) return [];
  const faults: string[] = [];
  if (env === 'production') faults.push('STRIPE_API_URL: production knows no other Stripe than its own.');
  if (key && isLive(key)) faults.push(`STRIPE_API_URL: a live key is shown to ${STRIPE_API} alone.`);
  return faults;
}

function clockIsRefused({ secretKey: key, testClock }: Wanted): string[] {
  if (!testClock || !key || !isLive(key)) return [];
  return ['STRIPE_TEST_CLOCK: a live key knows no test clock.'];
}

/** Whether a URL leads nowhere else. */
export const isThisMachine = ({ hostname }: URL): boolean => LOOPBACK.has(hostname);

/** Whether a key moves real money. */
export const isLive = (key: string): boolean => /^(sk|rk)_live_/.test(key);

function asOrigin(value: string, context: z.RefinementCtx): URL {
  const url = URL.parse(value);
  const isOrigin = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  if (isOrigin && (url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url)))) {
    return url;
  }
  context.addIssue('must be an https origin, or an http one of this machine, nothing behind it');
  return z.NEVER;
}
