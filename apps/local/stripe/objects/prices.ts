import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { flag, listParamsOf, many, mergeMetadata, oneOf, paramsOf, part, range, text } from '../form.js';
import type { Notes, Price } from '../kinds.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import type { Wire } from '../wire.js';
import { PriceData, UpdatePriceData } from './price-data.js';
import { clone } from '../wire.js';

/** https://docs.stripe.com/api/prices/object */
export function createPrice(books: Books, given: PriceData): Price {
  const product = productOf(books, given);
  mustFitMeter(books, given.recurring);
  const tiers = tiersOf(given);
  const amount = tiers ? null : amountOf(given);
  if (given.lookup_key) takeLookupKey(books, given.lookup_key, given.transfer_lookup_key);
  const id = newId('price');
  if (tiers) books.store.note(id, { tiers });
  return books.add<'price'>(
    {
      id,
      object: 'price',
      active: given.active ?? true,
      billing_scheme: tiers ? 'tiered' : 'per_unit',
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
      tiers_mode: tiers ? 'graduated' : null,
      transform_quantity: null,
      type: given.recurring ? 'recurring' : 'one_time',
      unit_amount: amount !== null && /^-?\d+$/.test(amount) ? Number(amount) : null,
      unit_amount_decimal: amount,
    },
    'price.created',
  );
}

/** https://docs.stripe.com/api/prices/create#create_price-recurring-meter; one that is archived takes no price. */
function mustFitMeter(books: Books, recurring: PriceData['recurring']): void {
  const { usage_type: type, meter } = recurring ?? {};
  if (type === 'metered' && meter === undefined)
    throw invalidRequest('A metered price must name its meter.', 'recurring[meter]');
  if (meter === undefined) return;
  if (type !== 'metered')
    throw invalidRequest(
      'You may only specify `recurring[meter]` when `recurring[usage_type]` is `metered`.',
      'recurring[meter]',
    );
  if (books.need('billing.meter', meter, 'recurring[meter]').status !== 'active')
    throw invalidRequest(`The meter ${meter} is inactive.`, 'recurring[meter]');
}

/** Of one unit. */
function amountOf({
  unit_amount: whole,
  unit_amount_decimal: decimal,
}: Pick<PriceData, 'unit_amount' | 'unit_amount_decimal'>): string {
  if (whole !== undefined && decimal !== undefined)
    throw invalidRequest(
      'You may only specify one of these parameters: unit_amount, unit_amount_decimal.',
      'unit_amount_decimal',
      'parameters_exclusive',
    );
  const amount = decimal ?? whole?.toString();
  if (amount === undefined)
    throw invalidRequest(
      'You must specify either `unit_amount` or `unit_amount_decimal`.',
      'unit_amount',
      'parameter_missing',
    );
  return amount;
}

/** https://docs.stripe.com/api/prices/create#create_price-tiers; undefined: it has one amount for all. */
function tiersOf(given: PriceData): Notes['tiers'] {
  const { billing_scheme: scheme, tiers, tiers_mode: mode } = given;
  if (scheme !== 'tiered') {
    if (tiers || mode)
      throw invalidRequest('`tiers` needs `billing_scheme` to be `tiered`.', tiers ? 'tiers' : 'tiers_mode');
    return undefined;
  }
  if (!tiers?.length || !mode)
    throw invalidRequest(
      'You must specify `tiers` and `tiers_mode` with `billing_scheme=tiered`.',
      tiers?.length ? 'tiers_mode' : 'tiers',
      'parameter_missing',
    );
  if (given.unit_amount !== undefined || given.unit_amount_decimal !== undefined)
    throw invalidRequest('With `billing_scheme=tiered` each tier has an amount of its own.', 'unit_amount');
  if (given.recurring?.usage_type !== 'metered')
    throw invalidRequest('The local Stripe has tiers for metered prices alone.', 'tiers');
  const ends = tiers.map(({ up_to: upTo }) => (upTo === 'inf' ? Infinity : upTo));
  if (ends.at(-1) !== Infinity || ends.some((end, at) => at > 0 && end <= ends[at - 1]!))
    throw invalidRequest(
      'The last of the `tiers` must be up to `inf`, and each beyond the one before.',
      'tiers',
    );
  return tiers.map(({ flat_amount: flat, up_to: upTo, ...one }, at) => {
    if (flat)
      throw invalidRequest('The local Stripe has no flat amounts of tiers.', `tiers[${at}][flat_amount]`);
    const amount = amountOf(one);
    return {
      ...{ flat_amount: null, flat_amount_decimal: null },
      ...{ unit_amount: /^\d+$/.test(amount) ? Number(amount) : null, unit_amount_decimal: amount },
      up_to: upTo === 'inf' ? null : upTo,
    };
  });
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
        .filter((one) => !params.recurring?.meter || one.recurring?.meter === params.recurring.meter)
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
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: price.tiers_mode,
    transform_usage: null,
    trial_period_days: null,
    usage_type: price.recurring?.usage_type ?? 'licensed',
  };
}
