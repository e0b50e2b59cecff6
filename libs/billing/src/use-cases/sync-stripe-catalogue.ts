import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { type Actor, sideBySide } from '#platform';
import { BillingConfig } from '../billing.config.js';
import { Prices } from '../catalogue/prices.js';
import {
  type CatalogueStep,
  catalogueSteps,
  inWords,
  isByHand,
  priceOf,
  type SoldPrice,
  soldPrices,
  type StripeCoupon,
  type StripePrice,
  type StripeProduct,
  productIds,
  type WantedPrice,
  wantedOf,
} from '../catalogue/stripe-catalogue.js';
import { billableMeter, METER, type StripeMeter } from '../catalogue/stripe-meters.js';
import { OperatorLog } from '../persistence/operator-log.js';
import { orNull } from '../stripe/look.js';
import { meteredParams } from '../stripe/metered-price.js';
import { secretKeyOf } from '../stripe/secret-key.js';
import { isDoneOnce, stepIsDone } from '../stripe/step-is-done.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';

/** Stripe's most for a page. */
const PAGE = 100;
/** More nobody reads in a log. */
const STEPS_TOLD = 100;
/** Of an account, ours and others. */
const COUPONS_MAX = 10_000;
/** Of an account, ours and others. */
const PRODUCTS_MAX = 10_000;
/** Says in the metadata of a coupon, and of what uses are sold as, which product made it. */
const MADE_FOR = 'gatehouse_product';

/** More meters than anybody has. */
const METERS_MAX = 1_000;

/** Brings Stripe's products, prices and meters to what plans.yaml says. Operators only. */
@Injectable()
export class SyncStripeCatalogue {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly prices: Prices,
    private readonly config: BillingConfig,
    private readonly log: OperatorLog,
  ) {}

  /**
   * What `apply` would do, and what is left for a person; nothing when Stripe is as the file says. Throws 409
   * `BILLING_OFF`, 503 `BILLING_UNAVAILABLE`.
   */
  async plan(actor: Actor): Promise<CatalogueStep[]> {
    const { products, prices } = await this.shelf(actor);
    const coupons = await this.coupons();
    const meters = await this.meters();
    return catalogueSteps(this.prices.offered, { products, prices, coupons, meters });
  }

  /**
   * Does it, one step after the other; `onStep` hears of each that is done, and of what is left for a person. Stopped in
   * the middle, it goes on the next time. Gives how many it did.
   */
  async apply(actor: Actor, onStep: (step: CatalogueStep) => void): Promise<number> {
    const steps = await this.plan(actor);
    if (steps.length > 0)
      await this.log.append(actor, 'STRIPE_CATALOGUE_APPLIED', {
        steps: steps.map(inWords).slice(0, STEPS_TOLD),
      });
    let done = 0;
    for (const planned of steps) {
      const step = await this.withMeter(planned);
      if (!isByHand(step)) {
        await this.gateway.change<unknown>({
          ...{ verb: step.do, what: step },
          make: (stripe, options) => doStep(stripe, step, options),
          ...(isDoneOnce(step) ? { find: async (stripe) => (await stepIsDone(stripe, step)) || null } : {}),
        });
        done++;
      }
      onStep(step);
    }
    return done;
  }

  /** A price is put on a meter that was still to be made when the steps were found. */
  private async withMeter(step: CatalogueStep): Promise<CatalogueStep> {
    if (step.do !== 'create_price' || !step.price.uses || step.price.uses.meterId) return step;
    const { uses } = step.price;
    const meterId = billableMeter(uses.eventName, await this.meters())?.id ?? null;
    return { ...step, price: { ...step.price, uses: { ...uses, meterId } } };
  }

  /** Which prices at Stripe are sold, in the order of the file. Throws like {@link plan}. */
  async sold(actor: Actor): Promise<SoldPrice[]> {
    return soldPrices(this.prices.list, (await this.shelf(actor)).prices);
  }

  private async shelf(actor: Actor): Promise<{ products: StripeProduct[]; prices: StripePrice[] }> {
    actor.must('operator:catalogue');
    secretKeyOf(this.config);
    const { list } = this.prices;
    // Also of plans that are sold no more, and of meters whose uses cost nothing by now.
    const ids = new Set([
      ...productIds(list.code),
      ...wantedOf(list).products.map(({ id }) => id),
      ...(await this.ofUses()),
    ]);
    const found = await sideBySide([...ids], this.gateway.atOnce, (id) => this.look(id));
    return {
      products: found.flatMap((one) => (one ? [one.product] : [])),
      prices: found.flatMap((one) => one?.prices ?? []),
    };
  }

  /** Active products that were made for uses: only they themselves say of which meters there were any. */
  private async ofUses(): Promise<string[]> {
    const all = await this.gateway.read('look_products', (stripe) =>
      stripe.products.list({ active: true, limit: PAGE }).autoPagingToArray({ limit: PRODUCTS_MAX }),
    );
    return all.filter(({ metadata }) => isOfUses(metadata, this.prices.list.code)).map(({ id }) => id);
  }

  /** None where none are wanted. The newest first, as Stripe lists them: of two archived ones the last that was used. */
  private async meters(): Promise<StripeMeter[]> {
    if (this.prices.list.billedMeters.length === 0) return [];
    const found = await this.gateway.read('look_meters', (stripe) =>
      stripe.billing.meters.list({ limit: PAGE }).autoPagingToArray({ limit: METERS_MAX }),
    );
    return found.map(meterOf);
  }

  /** Those that this product has made; an account may have others for other things. */
  private async coupons(): Promise<StripeCoupon[]> {
    const { code } = this.prices.list;
    const all = await this.gateway.read('look_coupons', (stripe) =>
      stripe.coupons.list({ limit: PAGE }).autoPagingToArray({ limit: COUPONS_MAX }),
    );
    return all
      .filter((one) => one.metadata?.[MADE_FOR] === code)
      .map(({ id, name }) => ({ id, name: name ?? id }));
  }

  /** One call after the other. */
  private async look(id: string): Promise<{ product: StripeProduct; prices: StripePrice[] } | null> {
    const product = await this.gateway.read('look_product', (stripe) => orNull(stripe.products.retrieve(id)));
    if (!product || ('deleted' in product && product.deleted)) return null;
    const prices = await this.gateway.read('look_prices', (stripe) =>
      stripe.prices.list({ product: id, active: true, limit: PAGE, expand: ['data.tiers'] }),
    );
    const { name, active } = product;
    const all = [...prices.data, ...(await this.keyHolders(id))];
    return { product: { id, name, active }, prices: all.map(priceOf) };
  }

  /** Prices that somebody has archived with a lookup key that is wanted: the next one takes it from them. */
  private async keyHolders(productId: string): Promise<Stripe.Price[]> {
    const wanted = wantedOf(this.prices.list).prices.filter((one) => one.productId === productId);
    if (wanted.length === 0) return [];
    const { data } = await this.gateway.read('look_prices', (stripe) =>
      stripe.prices.list({
        product: productId,
        lookup_keys: wanted.map((one) => one.lookupKey),
        active: false,
      }),
    );
    return data;
  }
}

const isOfUses = (metadata: Stripe.Metadata | undefined, code: string): boolean =>
  metadata?.[MADE_FOR] === code && metadata.gatehouse_part === 'use';

const meterOf = (one: Stripe.Billing.Meter): StripeMeter => ({
  id: one.id,
  eventName: one.event_name,
  formula: one.default_aggregation.formula,
  customerKey: one.customer_mapping.event_payload_key,
  valueKey: one.value_settings.event_payload_key,
  active: one.status === 'active',
});

async function doStep(
  stripe: Stripe,
  step: CatalogueStep,
  options: { idempotencyKey: string },
): Promise<unknown> {
  switch (step.do) {
    case 'create_product':
      return stripe.products.create(step.product, options);
    case 'update_product': {
      const { id, ...product } = step.product;
      return stripe.products.update(id, { ...product, active: true }, options);
    }
    case 'create_price': {
      const { productId, lookupKey, currency, taxBehavior, metadata } = step.price;
      return stripe.prices.create(
        {
          product: productId,
          lookup_key: lookupKey,
          transfer_lookup_key: true,
          currency,
          ...costParams(stripe, step.price),
          ...(taxBehavior ? { tax_behavior: taxBehavior as Stripe.PriceCreateParams.TaxBehavior } : {}),
          metadata,
        },
        options,
      );
    }
    case 'archive_product':
      return stripe.products.update(step.id, { active: false }, options);
    case 'mark_price':
      return stripe.prices.update(step.priceId, { metadata: step.metadata }, options);
    case 'archive_price':
      return stripe.prices.update(step.priceId, { active: false }, options);
    case 'create_coupon':
      return stripe.coupons.create(couponParams(step), options);
    case 'delete_coupon':
      return stripe.coupons.del(step.id, {}, options);
    case 'create_meter':
      return stripe.billing.meters.create(
        {
          event_name: step.meter.eventName,
          display_name: step.meter.name,
          default_aggregation: { formula: METER.formula },
          customer_mapping: { type: 'by_id', event_payload_key: METER.customerKey },
          value_settings: { event_payload_key: METER.valueKey },
        },
        options,
      );
    case 'reactivate_meter':
      return stripe.billing.meters.reactivate(step.meterId, {}, options);
    case 'replace_meter_by_hand':
      return null;
  }
}

function costParams(
  stripe: Stripe,
  { unitAmount, uses, interval: every }: WantedPrice,
): Pick<Stripe.PriceCreateParams, 'recurring' | 'unit_amount' | 'unit_amount_decimal' | 'tiers'> {
  const interval = every as Stripe.PriceCreateParams.Recurring.Interval;
  if (!uses) return { unit_amount: unitAmount!, recurring: { interval } };
  return {
    ...meteredParams(uses, stripe),
    // Without its meter Stripe refuses it, which is said.
    recurring: { interval, usage_type: 'metered', ...(uses.meterId ? { meter: uses.meterId } : {}) },
  };
}

function couponParams({
  id,
  code,
  coupon,
  currency,
}: Extract<CatalogueStep, { do: 'create_coupon' }>): Stripe.CouponCreateParams {
  const { name, percentOff, amountOff, duration, until, maxRedemptions } = coupon;
  return {
    id,
    name,
    metadata: { [MADE_FOR]: code },
    ...(percentOff === null ? { amount_off: amountOff!, currency } : { percent_off: percentOff }),
    ...(typeof duration === 'number'
      ? { duration: 'repeating' as const, duration_in_months: duration }
      : { duration }),
    ...(until === null ? {} : { redeem_by: Math.floor(until / 1_000) }),
    ...(maxRedemptions === null ? {} : { max_redemptions: maxRedemptions }),
  };
}
