import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, DomainError } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import {
  type CatalogueStep,
  catalogueSteps,
  type StripePrice,
  type StripeProduct,
  wantedOf,
} from '../catalogue/stripe-catalogue.js';
import { digestOf } from '../persistence/stripe-writes.js';
import { orNull } from '../stripe/look.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';

/** Stripe's most for a page. */
const PAGE = 100;

/** Brings Stripe's products and prices to what plans.yaml says. Operators only. */
@Injectable()
export class SyncStripeCatalogue {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
    private readonly config: BillingConfig,
  ) {}

  /** What `apply` would do; nothing when Stripe is as the file says. Throws 409 `BILLING_OFF`, 503 `BILLING_UNAVAILABLE`. */
  async plan(actor: Actor): Promise<CatalogueStep[]> {
    actor.must('operator:catalogue');
    if (!this.config.secretKey) {
      throw new DomainError('conflict', 'BILLING_OFF', 'Nothing is sold here: STRIPE_SECRET_KEY is not set.');
    }
    const { products } = wantedOf(this.prices.list);
    const found = await Promise.all(products.map(({ id }) => this.look(id)));
    return catalogueSteps(this.prices.list, {
      products: found.flatMap((one) => (one ? [one.product] : [])),
      prices: found.flatMap((one) => one?.prices ?? []),
    });
  }

  /** Does it, one step after the other; `onStep` hears of each that is done. Stopped in the middle, it goes on the next time. */
  async apply(actor: Actor, onStep: (step: CatalogueStep) => void): Promise<number> {
    const steps = await this.plan(actor);
    for (const step of steps) {
      await this.gateway.change(step.do, digestOf(step), (stripe, options) => doStep(stripe, step, options));
      onStep(step);
    }
    return steps.length;
  }

  private async look(id: string): Promise<{ product: StripeProduct; prices: StripePrice[] } | null> {
    const product = await this.gateway.read('look_product', (stripe) => orNull(stripe.products.retrieve(id)));
    if (!product || ('deleted' in product && product.deleted)) return null;
    const prices = await this.gateway.read('look_prices', (stripe) =>
      stripe.prices.list({ product: id, active: true, limit: PAGE }),
    );
    const { name, active } = product;
    return { product: { id, name, active }, prices: prices.data.map((price) => priceOf(id, price)) };
  }
}

const priceOf = (productId: string, price: Stripe.Price): StripePrice => ({
  id: price.id,
  productId,
  lookupKey: price.lookup_key,
  currency: price.currency,
  unitAmount: price.unit_amount,
  interval: price.recurring?.interval ?? null,
  active: price.active,
});

function doStep(stripe: Stripe, step: CatalogueStep, options: { idempotencyKey: string }): Promise<unknown> {
  switch (step.do) {
    case 'create_product':
      return stripe.products.create(step.product, options);
    case 'update_product':
      return stripe.products.update(step.product.id, { name: step.product.name, active: true }, options);
    case 'create_price': {
      const { productId, lookupKey, currency, unitAmount, interval, metadata } = step.price;
      return stripe.prices.create(
        {
          product: productId,
          lookup_key: lookupKey,
          transfer_lookup_key: true,
          currency,
          unit_amount: unitAmount,
          recurring: { interval: interval as 'month' | 'year' },
          metadata,
        },
        options,
      );
    }
    case 'archive_price':
      return stripe.prices.update(step.priceId, { active: false }, options);
  }
}
