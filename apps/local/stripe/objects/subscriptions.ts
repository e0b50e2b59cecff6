import type Stripe from 'stripe';
import { z } from 'zod';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { flag, listParamsOf, metadata, natural, oneOf, paramsOf, text } from '../form.js';
import type { Subscription, SubscriptionItem } from '../kinds.js';
import { cancelNow } from '../life/cancel.js';
import { pause, resume } from '../life/pause.js';
import { subscribe } from '../life/subscribe.js';
import { isLocated } from '../life/tax.js';
import { updateSubscription } from '../life/update.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import {
  CancelSubscription,
  CreateSubscription,
  ListSubscriptions,
  PauseSubscription,
  ProrationBehavior,
  ResumeSubscription,
  UpdateSubscription,
} from './subscription-params.js';

function hasStatus({ status }: Subscription, wanted: string | undefined): boolean {
  if (wanted === 'all') return true;
  if (wanted === 'ended') return status === 'canceled' || status === 'incomplete_expired';
  return wanted === undefined ? status !== 'canceled' : status === wanted;
}

export const subscriptions = [
  endpoint('POST', '/v1/subscriptions', CreateSubscription, (books, given) => {
    if (given.automatic_tax?.enabled && !isLocated(books.customer(given.customer)))
      throw invalidRequest(
        "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
        undefined,
        'customer_tax_location_invalid',
      );
    return subscribe(books, given);
  }),
  endpoint('GET', '/v1/subscriptions', ListSubscriptions, (books, params) =>
    pageOf(
      '/v1/subscriptions',
      books.store
        .all('subscription')
        .filter((one) => hasStatus(one, params.status))
        .filter((one) => params.customer === undefined || one.customer === params.customer)
        .filter(
          (one) =>
            params.price === undefined || one.items.data.some((item) => item.price.id === params.price),
        )
        // Those of a test clock are listed only when it or their customer is named.
        .filter(
          (one) =>
            (params.test_clock === undefined && params.customer !== undefined) ||
            (one.test_clock ?? undefined) === params.test_clock,
        )
        .filter((one) => inRange(one.created, params.created)),
      params,
    ),
  ),
  endpoint(
    'GET',
    '/v1/subscriptions/:id',
    paramsOf<Stripe.SubscriptionRetrieveParams>()({}),
    (books, _, id) => books.need('subscription', id),
  ),
  endpoint('POST', '/v1/subscriptions/:id', UpdateSubscription, (books, given, id) =>
    updateSubscription(books, books.need('subscription', id), given),
  ),
  endpoint('DELETE', '/v1/subscriptions/:id', CancelSubscription, (books, given, id) =>
    cancelNow(books, books.need('subscription', id), given),
  ),
  endpoint('POST', '/v1/subscriptions/:id/pause', PauseSubscription, (books, _, id) =>
    pause(books, books.need('subscription', id), 'pause_requested'),
  ),
  endpoint('POST', '/v1/subscriptions/:id/resume', ResumeSubscription, (books, given, id) =>
    resume(books, books.need('subscription', id), given),
  ),
  endpoint(
    'DELETE',
    '/v1/subscriptions/:id/discount',
    paramsOf<Stripe.SubscriptionDeleteDiscountParams>()({}),
    (books, _, id) => {
      const subscription = books.need('subscription', id);
      const discount = books.need('discount', (subscription.discounts as string[]).at(-1) ?? '');
      books.change<'subscription'>(
        subscription,
        { discounts: subscription.discounts.filter((one) => one !== discount.id) },
        'customer.subscription.updated',
      );
      books.emit('customer.discount.deleted', discount);
      return { ...discount, deleted: true };
    },
  ),
];

const ItemChange = {
  metadata: metadata().optional(),
  payment_behavior: oneOf(
    'allow_incomplete',
    'default_incomplete',
    'error_if_incomplete',
    'pending_if_incomplete',
  ).optional(),
  price: text().optional(),
  proration_behavior: ProrationBehavior.optional(),
  proration_date: z.coerce.number().int().optional(),
  quantity: natural().optional(),
};
const CreateItem = paramsOf<Stripe.SubscriptionItemCreateParams>()({ ...ItemChange, subscription: text() });
const UpdateItem = paramsOf<Stripe.SubscriptionItemUpdateParams>()({
  ...ItemChange,
  off_session: flag().optional(),
});
const DeleteItem = paramsOf<Stripe.SubscriptionItemDeleteParams>()({
  proration_behavior: ProrationBehavior.optional(),
  proration_date: z.coerce.number().int().optional(),
});

function ownerOf(books: Books, item: string): Subscription {
  const owner = books.store.all('subscription').find((one) => one.items.data.some((two) => two.id === item));
  if (!owner) throw invalidRequest(`Invalid subscription_item id: ${item}`, 'id', 'resource_missing', 404);
  return owner;
}

function itemIn(books: Books, id: string): SubscriptionItem {
  return ownerOf(books, id).items.data.find((one) => one.id === id)!;
}

/** One item at a time, by the same rules as the whole subscription. */
export const subscriptionItems = [
  endpoint(
    'GET',
    '/v1/subscription_items',
    listParamsOf<Stripe.SubscriptionItemListParams>()({ subscription: text() }),
    (books, params) =>
      pageOf(
        '/v1/subscription_items',
        [...books.need('subscription', params.subscription, 'subscription').items.data].reverse(),
        params,
      ),
  ),
  endpoint(
    'GET',
    '/v1/subscription_items/:id',
    paramsOf<Stripe.SubscriptionItemRetrieveParams>()({}),
    (books, _, id) => itemIn(books, id),
  ),
  endpoint(
    'POST',
    '/v1/subscription_items',
    CreateItem,
    (books, { subscription: id, price, quantity, metadata: given, ...how }) => {
      const subscription = books.need('subscription', id, 'subscription');
      updateSubscription(books, subscription, { ...how, items: [{ price, quantity, metadata: given }] });
      return subscription.items.data.at(-1);
    },
  ),
  endpoint(
    'POST',
    '/v1/subscription_items/:id',
    UpdateItem,
    (books, { price, quantity, metadata: given, ...how }, id) => {
      updateSubscription(books, ownerOf(books, id), {
        ...how,
        items: [{ id, price, quantity, metadata: given }],
      });
      return itemIn(books, id);
    },
  ),
  endpoint('DELETE', '/v1/subscription_items/:id', DeleteItem, (books, how, id) => {
    updateSubscription(books, ownerOf(books, id), { ...how, items: [{ id, deleted: true }] });
    return { id, object: 'subscription_item', deleted: true };
  }),
];
