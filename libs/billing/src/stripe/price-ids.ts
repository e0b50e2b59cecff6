import { Injectable } from '@nestjs/common';
import { Clock, Log } from '#platform';
import type { OfferItem } from '../domain/offer.js';
import { unavailable } from './call-gate.js';
import { StripeGateway } from './stripe-gateway.js';

/** A price that was archived is noticed within so many ms; Stripe refuses it until then. */
const KEPT_MS = 60_000;
/** Stripe's most for one question (docs.stripe.com/api/prices/list#list_prices-lookup_keys). */
const LOOKUP_KEYS_MAX = 10;

/** Which prices at Stripe our lookup keys are now. */
@Injectable()
export class PriceIds {
  private readonly known = new Map<string, { id: string; until: number }>();

  constructor(
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** In the order of the items. Throws 503 `BILLING_UNAVAILABLE` also when Stripe lacks one. */
  async of(items: readonly OfferItem[]): Promise<{ priceId: string; quantity: number | null }[]> {
    const now = this.clock.now().getTime();
    const missing = items
      .map((one) => one.lookupKey)
      .filter((key) => (this.known.get(key)?.until ?? 0) <= now);
    while (missing.length > 0) {
      const asked = missing.splice(0, LOOKUP_KEYS_MAX);
      const found = await this.gateway.read('look_prices', (stripe) =>
        stripe.prices.list({ lookup_keys: asked, active: true }),
      );
      for (const { id, lookup_key: key } of found.data)
        if (key) this.known.set(key, { id, until: now + KEPT_MS });
    }
    return items.map(({ lookupKey, quantity }) => {
      const known = this.known.get(lookupKey);
      if (known && known.until > now) return { priceId: known.id, quantity };
      this.log.error({ lookup_key: lookupKey }, 'Stripe lacks a price: run `gatehouse-admin catalog apply`.');
      throw unavailable(60);
    });
  }
}

/** A line as Stripe takes it: what it counts itself has no quantity. */
export const askedFor = ({
  priceId,
  quantity,
}: {
  priceId: string;
  quantity: number | null;
}): { price: string; quantity?: number } => ({
  price: priceId,
  ...(quantity === null ? {} : { quantity }),
});
