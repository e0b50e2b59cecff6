import type Stripe from 'stripe';
import type { CatalogueStep } from '../catalogue/stripe-catalogue.js';
import { orNull } from './look.js';

/** Stripe's most for a page. */
const PAGE = 100;

/** What is done once; the rest may be done again without harm. */
type OnceStep = CatalogueStep & { do: `create_${string}` | `delete_${string}` };

export const isDoneOnce = (step: CatalogueStep): step is OnceStep => /^(create|delete)_/.test(step.do);

/** Whether somebody has done it since it was decided. */
export async function stepIsDone(stripe: Stripe, step: OnceStep): Promise<boolean> {
  switch (step.do) {
    case 'create_product':
      return isThere(await orNull(stripe.products.retrieve(step.product.id)));
    case 'create_price': {
      const { lookupKey, productId } = step.price;
      const { data } = await stripe.prices.list({
        lookup_keys: [lookupKey],
        product: productId,
        active: true,
      });
      return data.some((one) => one.id !== step.replaces);
    }
    case 'create_coupon':
      return isThere(await orNull(stripe.coupons.retrieve(step.id)));
    case 'delete_coupon':
      return !isThere(await orNull(stripe.coupons.retrieve(step.id)));
    case 'create_meter': {
      const { data } = await stripe.billing.meters.list({ status: 'active', limit: PAGE });
      return data.some((one) => one.event_name === step.meter.eventName);
    }
  }
}

const isThere = (one: { deleted?: boolean | void } | null): boolean => one !== null && !one.deleted;
