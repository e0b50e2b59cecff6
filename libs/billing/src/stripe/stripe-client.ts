import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { BillingConfig } from '../billing.config.js';
import { countLibraryRetries } from './stripe-metrics.js';

/** Whose signature checks need no key, and who never calls out with this one. */
const NO_KEY = 'sk_unused';

/** Stripe's own library, loaded when it is first needed: its import would cost the start of every process. */
@Injectable()
export class StripeClient {
  private loaded?: Promise<Stripe>;

  constructor(private readonly config: BillingConfig) {}

  get(): Promise<Stripe> {
    return (this.loaded ??= this.load());
  }

  private async load(): Promise<Stripe> {
    const { default: StripeSdk } = await import('stripe');
    const { secretKey, apiUrl, timeoutMs } = this.config;
    const isHttps = apiUrl.protocol === 'https:';
    const stripe = new StripeSdk(secretKey ?? NO_KEY, {
      host: apiUrl.hostname,
      port: apiUrl.port || (isHttps ? 443 : 80),
      protocol: isHttps ? 'https' : 'http',
      timeout: timeoutMs,
      // Ours decides what is tried again, with the key that it has stored.
      maxNetworkRetries: 0,
      telemetry: false,
    });
    countLibraryRetries(stripe);
    return stripe;
  }
}
