import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { Clock, Log } from '#platform';
import { Prices } from '../catalogue/prices.js';
import { costsTheSame, priceOf, wantedOf } from '../catalogue/stripe-catalogue.js';
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
  /** Of which it was said that they cost something else. */
  private readonly told = new Set<string>();

  constructor(
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
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
        stripe.prices.list({ lookup_keys: asked, active: true, expand: ['data.tiers'] }),
      );
      for (const price of found.data) {
        if (!price.lookup_key) continue;
        this.known.set(price.lookup_key, { id: price.id, until: now + KEPT_MS });
        this.compare(price);
      }
    }
    return items.map(({ lookupKey, quantity }) => {
      const known = this.known.get(lookupKey);
      if (known && known.until > now) return { priceId: known.id, quantity };
      this.log.error({ lookup_key: lookupKey }, 'Stripe lacks a price: run `gatehouse-admin catalog apply`.');
      throw unavailable(60);
    });
  }

  /** It is sold all the same: while another price list is brought out, some processes have one and some the other. */
  private compare(price: Stripe.Price): void {
    const wanted = wantedOf(this.prices.list).prices.find((one) => one.lookupKey === price.lookup_key);
    if (!wanted || costsTheSame(priceOf(price), wanted) || this.told.has(price.id)) return;
    this.told.add(price.id);
    this.log.error(
      { lookup_key: price.lookup_key, price_id: price.id },
      'Stripe charges another price than people are shown: see `gatehouse-admin catalog plan`, then apply it or restart what runs with an older plans.yaml.',
    );
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
