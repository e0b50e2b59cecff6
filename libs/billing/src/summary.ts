import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '#platform';
import { BillingConfig, isLive } from './billing.config.js';
import { Prices } from './catalogue/prices.js';

/** Enough of a secret to tell two apart: how it begins, and its last four characters. */
export const masked = (secret: string | undefined): string | null =>
  secret === undefined
    ? null
    : `${/^[a-z]+_(?:(?:test|live)_)?/.exec(secret)?.[0] ?? ''}…${secret.slice(-4)}`;

/** Says at start with whom this process bills, and by which prices: wrong ones are seen before the first customer is. */
@Injectable()
export class BillingSummary implements OnApplicationBootstrap {
  constructor(
    private readonly config: BillingConfig,
    private readonly prices: Prices,
    private readonly log: Log,
  ) {}

  /** Throws a sentence when prices are sold and their file is not valid. */
  onApplicationBootstrap(): void {
    const {
      isEnabled,
      secretKey,
      apiUrl,
      webhookSecret,
      previousWebhookSecret,
      thinWebhookSecret,
      testClock,
    } = this.config;
    if (!isEnabled) {
      this.log.info({ billing: 'off' }, 'Nothing is sold here.');
      return;
    }
    const sold = this.prices.list.plans.filter((one) => one.kind === 'sold').map((one) => one.tier);
    this.log.info(
      {
        billing: {
          mode: secretKey && isLive(secretKey) ? 'live' : 'test',
          stripe: apiUrl.origin,
          stripe_key: masked(secretKey),
          webhooks: masked(webhookSecret),
          webhooks_before: masked(previousWebhookSecret),
          thin_webhooks: masked(thinWebhookSecret),
          ...(testClock ? { test_clock: testClock } : {}),
          plans: sold,
        },
      },
      'Plans are sold through Stripe.',
    );
  }
}
