import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import type { Asked } from '../../apps/local/stripe/api.js';
import { advanceClock } from '../../apps/local/stripe/control.js';
import { LocalStripe } from '../../apps/local/stripe/local-stripe.js';
import type { LocalStripeOptions } from '../../apps/local/stripe/local-stripe.js';
import { closeDispute, createDispute } from '../../apps/local/stripe/objects/disputes.js';
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
  /** Listens from now on; gives what was asked since. */
  hear(): () => readonly Asked[];
  /** Moves the time of the whole server, in seconds: keys are forgotten, periods end. */
  advance(seconds: number): void;
  /** A bank takes the payment back until it is decided. Gives the dispute's id. */
  dispute(charge: string): string;
  decide(dispute: string, how: 'lost' | 'won'): void;
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
    hear: () => {
      // By the request itself, not by its place: of many the first are forgotten.
      const last = local.api.asked.at(-1);
      return () => local.api.asked.slice(last ? local.api.asked.lastIndexOf(last) + 1 : 0);
    },
    advance: (seconds) => void advanceClock(local.books, seconds),
    dispute: (charge) =>
      local.books.transact(
        () => createDispute(local.books, local.books.need('charge', charge), 'fraudulent').id,
      ),
    decide: (dispute, how) => void local.books.transact(() => closeDispute(local.books, dispute, how)),
    settled: () => local.webhooks.idle(),
    stop: () => local.stop(),
  };
}

/** The page of the local Stripe, as its form is sent. */
export async function pay(url: string, card = 'visa'): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
    body: new URLSearchParams({ card, action: 'pay', country: 'DE', postal_code: '10115' }),
    redirect: 'manual',
  });
}
