import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { listParamsOf, paramsOf, part, text } from '../form.js';
import type { Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';

/** Those that people here try; the others are taken as they are, as far as they look like a type at all. */
const PATTERNS: Record<string, RegExp> = {
  eu_vat: /^[A-Z]{2}[0-9A-Z]{8,12}$/,
  gb_vat: /^GB(\d{9}|\d{12}|(GD|HA)\d{3})$/,
  us_ein: /^\d{2}-\d{7}$/,
  ch_vat: /^CHE-?\d{3}\.?\d{3}\.?\d{3} (MWST|TVA|IVA)$/,
};

export const TaxIdData = part({ type: text(), value: text() });

/** https://docs.stripe.com/api/tax_ids/object */
export function createTaxId(
  books: Books,
  customer: string,
  { type, value }: z.output<typeof TaxIdData>,
): Kinds['tax_id'] {
  if (!/^([a-z]{2}|eu_oss)_[a-z_]{2,8}$/.test(type))
    throw invalidRequest(`Invalid type: ${type} is not a supported tax id type`, 'type');
  if (
    PATTERNS[type] &&
    !PATTERNS[type].test(value.replaceAll(/\s/g, (space) => (type === 'ch_vat' ? space : '')))
  )
    throw invalidRequest(`Invalid value for ${type}.`, 'value', 'tax_id_invalid');
  return books.add<'tax_id'>(
    {
      id: newId('txi'),
      object: 'tax_id',
      country: type === 'eu_vat' ? value.slice(0, 2) : type.slice(0, 2).toUpperCase(),
      created: books.now(customer),
      customer,
      customer_account: null,
      livemode: false,
      owner: { customer, customer_account: null, type: 'customer' },
      type,
      value,
      verification: { status: 'pending', verified_address: null, verified_name: null },
    },
    'customer.tax_id.created',
  );
}

export const taxIds = [
  endpoint(
    'POST',
    '/v1/customers/:id/tax_ids',
    paramsOf<Stripe.CustomerCreateTaxIdParams>()(TaxIdData.shape),
    (books, given, id) => createTaxId(books, books.customer(id, 'id').id, given),
  ),
  endpoint(
    'GET',
    '/v1/customers/:id/tax_ids',
    listParamsOf<Stripe.CustomerListTaxIdsParams>()({}),
    (books, params, id) =>
      pageOf(
        `/v1/customers/${books.customer(id, 'id').id}/tax_ids`,
        books.store.all('tax_id').filter((one) => one.customer === id),
        params,
      ),
  ),
  endpoint(
    'GET',
    '/v1/customers/:id/tax_ids/:tax',
    paramsOf<Stripe.CustomerRetrieveTaxIdParams>()({}),
    (books, _, _customer, id) => books.need('tax_id', id),
  ),
  endpoint(
    'DELETE',
    '/v1/customers/:id/tax_ids/:tax',
    paramsOf<Stripe.CustomerDeleteTaxIdParams>()({}),
    (books, _, _customer, id) => {
      books.emit('customer.tax_id.deleted', books.need('tax_id', id));
      return books.store.bury('tax_id', id);
    },
  ),
];
