import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { listParamsOf, mergeMetadata, metadata, oneOf, paramsOf, text } from '../form.js';
import type { CheckoutSession, Price } from '../kinds.js';
import { amountOf } from '../life/amounts.js';
import { productName } from '../life/parts-of-lines.js';
import { isMetered } from '../life/usage.js';
import { pageInOrder, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import type { Wire } from '../wire.js';
import { mustFitCustomer } from './checkout-customer.js';
import { CreateSession, newSession } from './checkout-shape.js';
import type { CheckoutPlan } from './checkout-shape.js';
import { priceFor } from './subscription-shape.js';
import { clone } from '../wire.js';
import { mustBeUsable } from './coupons.js';

/** https://docs.stripe.com/api/checkout/sessions/object */
function create(books: Books, given: CreateSession): CheckoutSession {
  const customer = given.customer === undefined ? null : books.customer(given.customer);
  if (given.customer !== undefined && given.customer_email !== undefined)
    throw invalidRequest(
      'You may only specify one of these parameters: customer, customer_email.',
      'customer_email',
      'parameters_exclusive',
    );
  mustFitCustomer(given, customer);
  const mode = given.mode ?? 'subscription';
  // Not a thing of test clocks: the page is open for hours of the real day.
  const now = books.clock.now();
  const plan = planFor(books, given, mode);
  const subtotal = plan.line_items.reduce((sum, line) => sum + line.amount_subtotal, 0);
  const session = newSession(books, given, { now, mode, subtotal, trial: trialOf(plan) });
  session.currency = plan.line_items[0]?.currency ?? null;
  session.customer_details = {
    ...{
      address: customer?.address ?? null,
      business_name: null,
      individual_name: null,
      name: customer?.name ?? null,
      phone: null,
    },
    ...{ email: customer?.email ?? given.customer_email ?? null, tax_exempt: 'none', tax_ids: [] },
  };
  books.store.note(session.id, { checkout: plan });
  return books.add<'checkout.session'>(session);
}

export function trialOf({ subscription_data: data }: CheckoutPlan): boolean {
  return data.trial_end !== undefined || Boolean(data.trial_period_days);
}

function planFor(books: Books, given: CreateSession, mode: 'setup' | 'subscription'): CheckoutPlan {
  if (mode === 'subscription' && !given.line_items?.length)
    throw invalidRequest('Missing required param: line_items.', 'line_items', 'parameter_missing');
  if (given.discounts?.length && given.allow_promotion_codes)
    throw invalidRequest(
      'You may only specify one of these parameters: allow_promotion_codes, discounts.',
      'discounts',
      'parameters_exclusive',
    );
  for (const { coupon, promotion_code } of given.discounts ?? []) {
    if (coupon) mustBeUsable(books, books.need('coupon', coupon, 'discounts[0][coupon]'));
    if (promotion_code) books.need('promotion_code', promotion_code, 'discounts[0][promotion_code]');
  }
  const lines = (given.line_items ?? []).map((item, index) => {
    const price = lineItemPrice(books, item, index);
    const metered = isMetered({ price });
    if (metered && item.quantity !== undefined)
      throw invalidRequest(
        'Quantity should not be defined when `recurring.usage_type` is `metered`.',
        `line_items[${index}][quantity]`,
      );
    return { price, ...(metered ? {} : { quantity: item.quantity ?? 1 }) };
  });
  return {
    items: lines.map(({ price, ...how }) => ({ price: price.id, ...how })),
    line_items: lines.map(({ price, quantity }) => lineItem(books, price, quantity)),
    discounts: given.discounts ?? [],
    subscription_data: given.subscription_data ?? {},
    tax: given.automatic_tax?.enabled ?? false,
    update: given.customer_update ?? {},
  };
}

function lineItemPrice(books: Books, item: { price: string; quantity?: number }, index: number): Price {
  const known = books.store.get('price', item.price);
  if (!known)
    throw invalidRequest(`No such price: '${item.price}'`, `line_items[${index}][price]`, 'resource_missing');
  return priceFor(books, item, index);
}

/** https://docs.stripe.com/api/checkout/sessions/line_items */
function lineItem(books: Books, price: Price, quantity: number | undefined): Wire<Stripe.LineItem> {
  const amount = quantity === undefined ? 0 : amountOf(price, quantity);
  return {
    id: newId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: productName(books, price),
    metadata: {},
    price: clone(price),
    quantity: quantity ?? null,
  };
}

export function expireSession(books: Books, session: CheckoutSession): CheckoutSession {
  if (session.status !== 'open')
    throw invalidRequest('Only Checkout Sessions with a status in ["open"] can be expired.', 'session');
  books.change<'checkout.session'>(session, { status: 'expired', url: null });
  books.emit('checkout.session.expired', session);
  return session;
}

export function planOfSession(books: Books, id: string): CheckoutPlan {
  return { update: {}, ...(books.store.notes(id).checkout as Partial<CheckoutPlan>) } as CheckoutPlan;
}

const List = listParamsOf<Stripe.Checkout.SessionListParams>()({
  customer: text().optional(),
  status: oneOf('complete', 'expired', 'open').optional(),
  subscription: text().optional(),
});

export const checkoutSessions = [
  endpoint('POST', '/v1/checkout/sessions', CreateSession, create),
  endpoint('GET', '/v1/checkout/sessions', List, (books, params) =>
    pageOf(
      '/v1/checkout/sessions',
      books.store
        .all('checkout.session')
        .filter((one) => params.customer === undefined || one.customer === params.customer)
        .filter((one) => params.status === undefined || one.status === params.status)
        .filter((one) => params.subscription === undefined || one.subscription === params.subscription),
      params,
    ),
  ),
  endpoint(
    'GET',
    '/v1/checkout/sessions/:id',
    paramsOf<Stripe.Checkout.SessionRetrieveParams>()({}),
    (books, _, id) => books.need('checkout.session', id),
  ),
  endpoint(
    'POST',
    '/v1/checkout/sessions/:id',
    paramsOf<Stripe.Checkout.SessionUpdateParams>()({ metadata: metadata().optional() }),
    (books, { metadata: given }, id) => {
      const session = books.need('checkout.session', id);
      return books.change<'checkout.session'>(session, {
        metadata: mergeMetadata(session.metadata ?? {}, given),
      });
    },
  ),
  endpoint(
    'POST',
    '/v1/checkout/sessions/:id/expire',
    paramsOf<Stripe.Checkout.SessionExpireParams>()({}),
    (books, _, id) => expireSession(books, books.need('checkout.session', id)),
  ),
  endpoint(
    'GET',
    '/v1/checkout/sessions/:id/line_items',
    listParamsOf<Stripe.Checkout.SessionListLineItemsParams>()({}),
    (books, params, id) => {
      books.need('checkout.session', id);
      return pageInOrder(
        `/v1/checkout/sessions/${id}/line_items`,
        planOfSession(books, id).line_items,
        params,
      );
    },
  ),
];
