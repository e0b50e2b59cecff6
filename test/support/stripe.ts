import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import { advanceClock } from '../../apps/local/stripe/control.js';
import { LocalStripe } from '../../apps/local/stripe/local-stripe.js';
import type { LocalStripeOptions } from '../../apps/local/stripe/local-stripe.js';
import { sdkFor } from '../../apps/local/stripe/testing.js';

/** A Stripe of a test's own, in the test's process. */
export interface JourneyStripe {
  /** For `startProduct`: the product sells through it. */
  settings: Record<string, string>;
  /** Events go to this API from now on; `v1` is where its routes begin. */
  sendTo(v1: string): void;
  /** As an administrator of the account would: other than the product's own client. */
  stripe: Stripe;
  /** Faults, chaos, clock and what was asked, without the way over HTTP. */
  local: LocalStripe;
  /** Moves the time of the whole server, in seconds: keys are forgotten, periods end. */
  advance(seconds: number): void;
  /** Once no delivery is on its way any more. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Calm unless `webhooks.on` says otherwise; a few milliseconds. */
export async function startStripe(options: LocalStripeOptions = {}): Promise<JourneyStripe> {
  const key = `sk_test_${randomBytes(16).toString('hex')}`;
  const secret = `whsec_${randomBytes(24).toString('hex')}`;
  const local = await LocalStripe.start({ webhooks: { on: false }, apiKeys: [key], ...options });
  return {
    settings: {
      ENABLE_BILLING: 'true',
      STRIPE_API_URL: local.url,
      STRIPE_SECRET_KEY: key,
      STRIPE_WEBHOOK_SECRET: secret,
    },
    sendTo: (v1) => local.sendWebhooksTo({ url: `${v1}/billing/webhooks/stripe`, secret }),
    stripe: sdkFor(local.url, { key }),
    local,
    advance: (seconds) => void advanceClock(local.books, seconds),
    settled: () => local.webhooks.idle(),
    stop: () => local.stop(),
  };
}
