import { partOf, type PriceList } from './plan-price.js';
import type { ItemFacts, SubscriptionFacts } from './stripe-facts.js';

/**
 * Whether a subscription is to something of this product, also to what is no longer sold: the account at Stripe may sell
 * more, to the same customers.
 */
export const isOurs = ({ items }: Pick<SubscriptionFacts, 'items'>, prices: PriceList): boolean =>
  items.some((item) => isOurItem(item, prices));

/** One item of it; what else it holds was put there by somebody at the dashboard, and is theirs. */
export const isOurItem = ({ plan, lookupKey }: ItemFacts, prices: PriceList): boolean =>
  plan !== null || (lookupKey !== null && partOf(prices, lookupKey) !== null);
