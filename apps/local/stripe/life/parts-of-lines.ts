import type { Books } from '../books.js';
import type { InvoiceLine, Price, Subscription, SubscriptionItem } from '../kinds.js';

export function itemParent(
  subscription: Pick<Subscription, 'id'>,
  item: Pick<SubscriptionItem, 'id'>,
): InvoiceLine['parent'] {
  return {
    invoice_item_details: null,
    subscription_item_details: {
      ...{ invoice_item: null, proration: false, proration_details: null },
      ...{ subscription: subscription.id, subscription_item: item.id },
    },
    type: 'subscription_item_details',
  };
}

export function productName(books: Books, price: Price): string {
  return books.store.get('product', price.product)?.name ?? price.product;
}
