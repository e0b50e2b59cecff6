import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import {
  check,
  flag,
  listParamsOf,
  many,
  mergeMetadata,
  metadata,
  paramsOf,
  part,
  range,
  text,
  unset,
} from '../form.js';
import type { Kinds } from '../kinds.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { createPrice } from './prices.js';
import { PriceData } from './price-data.js';

const WRITABLE = {
  active: flag().optional(),
  description: unset(text(40_000)).optional(),
  images: unset(many(text())).optional(),
  marketing_features: unset(many(part({ name: text(80) }))).optional(),
  metadata: metadata().optional(),
  statement_descriptor: text(22).optional(),
  tax_code: unset(text()).optional(),
  unit_label: unset(text(12)).optional(),
  url: unset(text()).optional(),
};
const CreateProduct = paramsOf<Stripe.ProductCreateParams>()({
  ...WRITABLE,
  id: text().optional(),
  name: text(),
  default_price_data: PriceData.omit({ product: true }).optional(),
});
const UpdateProduct = paramsOf<Stripe.ProductUpdateParams>()({
  ...WRITABLE,
  name: text().optional(),
  default_price: text().optional(),
});

/** https://docs.stripe.com/api/products/object */
function createProduct(
  books: Books,
  given: ReturnType<typeof check<typeof CreateProduct>>,
): Kinds['product'] {
  const id = given.id ?? newId('prod', 14);
  if (books.store.get('product', id))
    throw invalidRequest(`Product already exists with ID: ${id}`, 'id', 'resource_already_exists');
  const now = books.now();
  const product = books.add<'product'>(
    {
      id,
      object: 'product',
      active: given.active ?? true,
      created: now,
      default_price: null,
      description: given.description ?? null,
      images: given.images ?? [],
      livemode: false,
      marketing_features: given.marketing_features ?? [],
      metadata: mergeMetadata({}, given.metadata),
      name: given.name,
      package_dimensions: null,
      shippable: null,
      statement_descriptor: given.statement_descriptor ?? null,
      tax_code: given.tax_code ?? null,
      tax_details: null,
      type: 'service',
      unit_label: given.unit_label ?? null,
      updated: now,
      url: given.url ?? null,
    },
    'product.created',
  );
  if (given.default_price_data) {
    const price = createPrice(books, { ...given.default_price_data, product: id });
    books.change<'product'>(product, { default_price: price.id }, 'product.updated');
  }
  return product;
}

export const products = [
  endpoint('POST', '/v1/products', CreateProduct, createProduct),
  endpoint(
    'GET',
    '/v1/products',
    listParamsOf<Stripe.ProductListParams>()({
      active: flag().optional(),
      created: range().optional(),
      ids: many(text()).optional(),
      url: text().optional(),
    }),
    (books, params) =>
      pageOf(
        '/v1/products',
        books.store
          .all('product')
          .filter((one) => params.active === undefined || one.active === params.active)
          .filter((one) => params.ids === undefined || params.ids.includes(one.id))
          .filter((one) => inRange(one.created, params.created)),
        params,
      ),
  ),
  endpoint(
    'GET',
    '/v1/products/:id',
    paramsOf<Stripe.ProductRetrieveParams>()({}),
    (books, _, id) => books.store.buried(id) ?? books.need('product', id),
  ),
  endpoint(
    'POST',
    '/v1/products/:id',
    UpdateProduct,
    (books, { expand: _, metadata: given, images, marketing_features, default_price, ...changes }, id) => {
      const product = books.need('product', id);
      if (default_price !== undefined) books.need('price', default_price, 'default_price');
      return books.change<'product'>(
        product,
        {
          ...changes,
          ...(images === undefined ? {} : { images: images ?? [] }),
          ...(marketing_features === undefined ? {} : { marketing_features: marketing_features ?? [] }),
          ...(default_price === undefined ? {} : { default_price }),
          metadata: mergeMetadata(product.metadata, given),
          updated: books.now(),
        },
        'product.updated',
      );
    },
  ),
  endpoint('DELETE', '/v1/products/:id', paramsOf<Stripe.ProductDeleteParams>()({}), (books, _, id) => {
    const product = books.need('product', id);
    if (books.store.all('price').some((price) => price.product === id))
      throw invalidRequest(
        'This product cannot be deleted because it has one or more user-created prices.',
        'id',
      );
    books.emit('product.deleted', product);
    return books.store.bury('product', id);
  }),
];
