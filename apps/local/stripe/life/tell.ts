import type { Books } from '../books.js';
import type { Subscription } from '../kinds.js';
import { clone } from '../wire.js';

/** One `customer.subscription.updated` for all that is different since `before`, with what it was. */
export function tellOfChange(books: Books, subscription: Subscription, before: Subscription): void {
  const after = clone(subscription);
  Object.assign(subscription, before);
  for (const name of Object.keys(subscription))
    if (!(name in after)) delete (subscription as unknown as Record<string, unknown>)[name];
  books.change<'subscription'>(subscription, after, 'customer.subscription.updated');
}
