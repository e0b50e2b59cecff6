import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import {
  integer,
  listParamsOf,
  many,
  mergeMetadata,
  metadata,
  oneOf,
  paramsOf,
  part,
  range,
  text,
  unset,
} from '../form.js';
import type { Customer } from '../kinds.js';
import { cancelAll } from '../life/cancel.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { attachTo } from './payment-methods.js';
import { createTaxId, TaxIdData } from './tax-ids.js';

const Address = part({
  city: unset(text()).optional(),
  country: unset(text()).optional(),
  line1: unset(text()).optional(),
  line2: unset(text()).optional(),
  postal_code: unset(text()).optional(),
  state: unset(text()).optional(),
});
const WRITABLE = {
  address: unset(Address).optional(),
  balance: integer().optional(),
  description: unset(text()).optional(),
  email: unset(text(512)).optional(),
  invoice_prefix: text(12).optional(),
  invoice_settings: part({
    custom_fields: unset(many(part({ name: text(40), value: text(140) }))).optional(),
    default_payment_method: unset(text()).optional(),
    footer: unset(text()).optional(),
  }).optional(),
  metadata: metadata().optional(),
  name: unset(text(256)).optional(),
  phone: unset(text(20)).optional(),
  preferred_locales: many(text()).optional(),
  tax_exempt: unset(oneOf('exempt', 'none', 'reverse')).optional(),
};
const CreateCustomer = paramsOf<Stripe.CustomerCreateParams>()({
  ...WRITABLE,
  payment_method: text().optional(),
  tax_id_data: many(TaxIdData).optional(),
  test_clock: text().optional(),
});
const UpdateCustomer = paramsOf<Stripe.CustomerUpdateParams>()(WRITABLE);

/** https://docs.stripe.com/api/customers/object */
export function createCustomer(
  books: Books,
  given: Omit<z.output<typeof CreateCustomer>, 'expand'>,
): Customer {
  if (given.test_clock) books.need('test_helpers.test_clock', given.test_clock, 'test_clock');
  const created = given.test_clock
    ? books.need('test_helpers.test_clock', given.test_clock).frozen_time
    : books.now();
  const customer = books.add<'customer'>({
    id: newId('cus', 14),
    object: 'customer',
    address: addressOf(given.address),
    balance: given.balance ?? 0,
    created,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: given.description ?? null,
    discount: null,
    email: given.email ?? null,
    invoice_prefix: given.invoice_prefix ?? newId('', 8).slice(1).toUpperCase(),
    invoice_settings: {
      custom_fields: given.invoice_settings?.custom_fields ?? null,
      default_payment_method: null,
      footer: given.invoice_settings?.footer ?? null,
      rendering_options: null,
    },
    livemode: false,
    metadata: mergeMetadata({}, given.metadata),
    name: given.name ?? null,
    next_invoice_sequence: 1,
    phone: given.phone ?? null,
    preferred_locales: given.preferred_locales ?? [],
    shipping: null,
    tax_exempt: given.tax_exempt ?? 'none',
    test_clock: given.test_clock ?? null,
  });
  books.emit('customer.created', customer);
  if (given.payment_method) {
    const method = attachTo(books, given.payment_method, customer.id, 'payment_method');
    const wanted = given.invoice_settings?.default_payment_method;
    if (wanted === given.payment_method || wanted === method.id) setDefault(books, customer, method.id);
  } else if (given.invoice_settings?.default_payment_method)
    throw notAttached(given.invoice_settings.default_payment_method);
  for (const one of given.tax_id_data ?? []) createTaxId(books, customer.id, one);
  return customer;
}

export function setDefault(books: Books, customer: Customer, method: string | null): void {
  const settings = { ...customer.invoice_settings, default_payment_method: method };
  books.change<'customer'>(customer, { invoice_settings: settings }, 'customer.updated');
}

function notAttached(id: string) {
  return invalidRequest(
    `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
    'invoice_settings[default_payment_method]',
    'resource_missing',
  );
}

export function addressOf(given: z.output<typeof Address> | null | undefined): Customer['address'] {
  if (!given) return null;
  const { city = null, country = null, line1 = null, line2 = null, postal_code = null, state = null } = given;
  return { city, country, line1, line2, postal_code, state };
}

function updateCustomer(books: Books, given: z.output<typeof UpdateCustomer>, id: string): Customer {
  const customer = books.customer(id, 'id');
  const { expand: _, metadata: meta, address, invoice_settings: settings, tax_exempt, ...rest } = given;
  const method = settings?.default_payment_method;
  if (method && books.store.get('payment_method', method)?.customer !== id) throw notAttached(method);
  const changes: Partial<Customer> = {
    ...rest,
    metadata: mergeMetadata(customer.metadata, meta),
    ...(address === undefined ? {} : { address: addressOf(address) }),
    ...(tax_exempt === undefined ? {} : { tax_exempt: tax_exempt ?? 'none' }),
    ...(settings === undefined ? {} : { invoice_settings: { ...customer.invoice_settings, ...settings } }),
  };
  return books.change<'customer'>(customer, changes, 'customer.updated');
}

export const customers = [
  endpoint('POST', '/v1/customers', CreateCustomer, createCustomer),
  endpoint(
    'GET',
    '/v1/customers',
    listParamsOf<Stripe.CustomerListParams>()({
      created: range().optional(),
      email: text().optional(),
      test_clock: text().optional(),
    }),
    (books, params) =>
      pageOf(
        '/v1/customers',
        books.store
          .all('customer')
          .filter((one) => params.email === undefined || one.email === params.email)
          // Those of a test clock are listed only when it is named.
          .filter((one) => (one.test_clock ?? undefined) === params.test_clock)
          .filter((one) => inRange(one.created, params.created)),
        params,
      ),
  ),
  endpoint(
    'GET',
    '/v1/customers/:id',
    paramsOf<Stripe.CustomerRetrieveParams>()({}),
    (books, _, id) => books.store.buried(id) ?? books.customer(id, undefined),
  ),
  endpoint('POST', '/v1/customers/:id', UpdateCustomer, updateCustomer),
  endpoint('DELETE', '/v1/customers/:id', paramsOf<Stripe.CustomerDeleteParams>()({}), (books, _, id) =>
    deleteCustomer(books, id),
  ),
];

/** Its subscriptions end with it: https://docs.stripe.com/api/customers/delete */
export function deleteCustomer(books: Books, id: string) {
  const customer = books.need('customer', id);
  cancelAll(books, id);
  books.emit('customer.deleted', customer);
  for (const method of books.store.all('payment_method'))
    if (method.customer === id) books.change<'payment_method'>(method, { customer: null });
  return books.store.bury('customer', id);
}
