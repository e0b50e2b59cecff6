import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { flag, listParamsOf, many, mergeMetadata, oneOf, paramsOf, part, range, text } from '../form.js';
import type { Price } from '../kinds.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import type { Wire } from '../wire.js';
import { PriceData, UpdatePriceData } from './price-data.js';
import { clone } from '../wire.js';

/** https://docs.stripe.com/api/prices/object */
export function createPrice(books: Books, given: PriceData): Price {
  const product = productOf(books, given);
  if (given.recurring?.usage_type === 'metered' && given.recurring.meter === undefined)
    throw invalidRequest('A metered price must name its meter.', 'recurring[meter]');
  if (given.recurring?.meter) books.need('billing.meter', given.recurring.meter, 'recurring[meter]');
  const amount = given.unit_amount_decimal ?? given.unit_amount?.toString();
  if (amount === undefined)
    throw invalidRequest(
      'You must specify either `unit_amount` or `unit_amount_decimal`.',
      'unit_amount',
      'parameter_missing',
    );
  if (given.lookup_key) takeLookupKey(books, given.lookup_key, given.transfer_lookup_key);
  return books.add<'price'>(
    {
      id: newId('price'),
      object: 'price',
      active: given.active ?? true,
      billing_scheme: 'per_unit',
      created: books.now(),
      currency: given.currency,
      custom_unit_amount: null,
      livemode: false,
      lookup_key: given.lookup_key ?? null,
      metadata: mergeMetadata({}, given.metadata),
      nickname: given.nickname ?? null,
      product,
      recurring: recurringOf(given.recurring),
      tax_behavior: given.tax_behavior ?? 'unspecified',
      tiers_mode: null,
      transform_quantity: null,
      type: given.recurring ? 'recurring' : 'one_time',
      unit_amount: /^-?\d+$/.test(amount) ? Number(amount) : null,
      unit_amount_decimal: amount,
    },
    'price.created',
  );
}

function recurringOf(given: PriceData['recurring']): Price['recurring'] {
  if (!given) return null;
  return {
    interval: given.interval,
    interval_count: given.interval_count ?? 1,
    meter: given.meter ?? null,
    trial_period_days: null,
    usage_type: given.usage_type ?? 'licensed',
  };
}

function productOf(books: Books, { product, product_data }: PriceData): string {
  if (product !== undefined) return books.need('product', product, 'product').id;
  if (!product_data) throw invalidRequest('Missing required param: product.', 'product', 'parameter_missing');
  const now = books.now();
  return books.add<'product'>(
    {
      ...{
        id: product_data.id ?? newId('prod', 14),
        object: 'product',
        active: product_data.active ?? true,
        created: now,
      },
      ...{ default_price: null, description: null, images: [], livemode: false, marketing_features: [] },
      ...{
        metadata: mergeMetadata({}, product_data.metadata),
        name: product_data.name,
        package_dimensions: null,
      },
      ...{
        shippable: null,
        statement_descriptor: null,
        tax_code: null,
        tax_details: null,
        type: 'service' as const,
      },
      ...{ unit_label: null, updated: now, url: null },
    },
    'product.created',
  ).id;
}

/** A lookup key belongs to one price; another takes it over only when told to. */
function takeLookupKey(books: Books, key: string, transfer: boolean | undefined): void {
  const holder = books.store.all('price').find((price) => price.lookup_key === key);
  if (!holder) return;
  if (!transfer)
    throw invalidRequest(
      `A price (\`${holder.id}\`) already uses that lookup key.`,
      'lookup_key',
      'resource_already_exists',
    );
  books.change<'price'>(holder, { lookup_key: null }, 'price.updated');
}

const ListPrices = listParamsOf<Stripe.PriceListParams>()({
  active: flag().optional(),
  created: range().optional(),
  currency: text(3).optional(),
  lookup_keys: many(text()).optional(),
  product: text().optional(),
  recurring: part({
    interval: oneOf('day', 'week', 'month', 'year').optional(),
    meter: text().optional(),
    usage_type: oneOf('licensed', 'metered').optional(),
  }).optional(),
  type: oneOf('one_time', 'recurring').optional(),
});

export const prices = [
  endpoint(
    'POST',
    '/v1/prices',
    paramsOf<Stripe.PriceCreateParams>()(PriceData.shape),
    (books, { expand: _, ...given }) => createPrice(books, given),
  ),
  endpoint('GET', '/v1/prices', ListPrices, (books, params) =>
    pageOf(
      '/v1/prices',
      books.store
        .all('price')
        .filter((one) => params.active === undefined || one.active === params.active)
        .filter((one) => params.currency === undefined || one.currency === params.currency)
        .filter((one) => params.product === undefined || one.product === params.product)
        .filter((one) => params.type === undefined || one.type === params.type)
        .filter(
          (one) => params.lookup_keys === undefined || params.lookup_keys.includes(one.lookup_key ?? ''),
        )
        .filter((one) => !params.recurring?.interval || one.recurring?.interval === params.recurring.interval)
        .filter(
          (one) => !params.recurring?.usage_type || one.recurring?.usage_type === params.recurring.usage_type,
        )
        .filter((one) => inRange(one.created, params.created)),
      params,
    ),
  ),
  endpoint('GET', '/v1/prices/:id', paramsOf<Stripe.PriceRetrieveParams>()({}), (books, _, id) =>
    books.need('price', id),
  ),
  endpoint(
    'POST',
    '/v1/prices/:id',
    paramsOf<Stripe.PriceUpdateParams>()(UpdatePriceData),
    (books, { expand: _, transfer_lookup_key, metadata, ...changes }, id) => {
      const price = books.need('price', id);
      if (changes.lookup_key && changes.lookup_key !== price.lookup_key)
        takeLookupKey(books, changes.lookup_key, transfer_lookup_key);
      books.change<'price'>(
        price,
        { ...changes, metadata: mergeMetadata(price.metadata, metadata) },
        'price.updated',
      );
      showInItems(books, price);
      return price;
    },
  ),
];

/** Items carry their whole price, as it is now. */
function showInItems(books: Books, price: Price): void {
  for (const subscription of books.store.all('subscription')) {
    if (!subscription.items.data.some((item) => item.price.id === price.id)) continue;
    const data = subscription.items.data.map((item) =>
      item.price.id === price.id ? { ...item, price: clone(price), plan: planOf(price) } : item,
    );
    books.change<'subscription'>(subscription, { items: { ...subscription.items, data } });
  }
}

/** The older name of a recurring price: https://docs.stripe.com/api/plans/object */
export function planOf(price: Price): Wire<Stripe.Plan> {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: price.recurring?.usage_type ?? 'licensed',
  };
}
