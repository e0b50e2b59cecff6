import type Stripe from 'stripe';
import { z } from 'zod';
import type { Books } from '../books.js';
import { declined, invalidRequest } from '../errors.js';
import { integer, listParamsOf, mergeMetadata, metadata, oneOf, paramsOf, part, text } from '../form.js';
import type { PaymentMethod } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { cardOf, namedCard, numberedCard } from './test-cards.js';

/** https://docs.stripe.com/api/payment_methods/object, for cards. `key` names one of the test cards. */
export function createCard(books: Books, key: string, customer: string | null = null): PaymentMethod {
  const card = cardOf(key);
  const now = books.now(customer);
  const method = books.add<'payment_method'>({
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand,
      exp_month: 12,
      exp_year: new Date(now * 1000).getUTCFullYear() + 3,
      fingerprint: card.number.slice(-8),
      funding: key === 'visa_debit' ? 'debit' : 'credit',
      generated_from: null,
      last4: card.number.slice(-4),
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: now,
    customer,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  });
  books.store.note(method.id, { card: key });
  return method;
}

/** The method of this id, or a new one for the name of a test card. */
export function methodFor(books: Books, id: string, param: string): PaymentMethod {
  const known = books.store.get('payment_method', id);
  if (known) return known;
  const named = namedCard(id);
  if (named) return createCard(books, named.key);
  return books.need('payment_method', id, param);
}

/** Throws what the card's bank says to being stored: https://docs.stripe.com/testing#declined-payments */
export function attachTo(books: Books, id: string, customer: string, param: string): PaymentMethod {
  const method = methodFor(books, id, param);
  if (method.customer === customer) return method;
  if (method.customer !== null)
    throw invalidRequest(
      'The payment method you provided has already been attached to a customer.',
      param,
      'payment_method_unexpected_state',
    );
  const refused = cardOf(books.store.notes(method.id).card).attach;
  if (refused) throw declined(refused, { param: '' });
  return books.change<'payment_method'>(method, { customer }, 'payment_method.attached');
}

const CreateMethod = paramsOf<Stripe.PaymentMethodCreateParams>()({
  type: oneOf('card'),
  card: part({
    number: text().optional(),
    exp_month: integer().optional(),
    exp_year: integer().optional(),
    cvc: text().optional(),
    token: text().optional(),
  }),
  billing_details: z.record(z.string(), z.unknown()).optional(),
  metadata: metadata().optional(),
});

function createMethod(books: Books, { card, metadata: given }: z.output<typeof CreateMethod>): PaymentMethod {
  const found = card.token ? namedCard(card.token) : numberedCard(card.number ?? '');
  if (card.token && !found)
    throw invalidRequest(`No such token: '${card.token}'`, 'card[token]', 'resource_missing');
  if (!found)
    throw declined('generic_decline', {
      code: 'incorrect_number',
      message: 'Your card number is incorrect.',
      param: 'number',
    });
  const method = createCard(books, found.key);
  return books.change<'payment_method'>(method, { metadata: mergeMetadata({}, given) });
}

const List = listParamsOf<Stripe.PaymentMethodListParams>()({
  customer: text().optional(),
  type: oneOf('card').optional(),
});
const ListOfCustomer = listParamsOf<Stripe.CustomerListPaymentMethodsParams>()({
  type: oneOf('card').optional(),
});

const ofCustomer = (books: Books, customer: string | undefined) =>
  books.store
    .all('payment_method')
    .filter((one) => one.customer !== null && (customer === undefined || one.customer === customer));

export const paymentMethods = [
  endpoint('POST', '/v1/payment_methods', CreateMethod, createMethod),
  endpoint('GET', '/v1/payment_methods', List, (books, params) =>
    pageOf('/v1/payment_methods', ofCustomer(books, params.customer), params),
  ),
  endpoint(
    'GET',
    '/v1/payment_methods/:id',
    paramsOf<Stripe.PaymentMethodRetrieveParams>()({}),
    (books, _, id) => books.need('payment_method', id),
  ),
  endpoint(
    'POST',
    '/v1/payment_methods/:id',
    paramsOf<Stripe.PaymentMethodUpdateParams>()({
      metadata: metadata().optional(),
      allow_redisplay: oneOf('always', 'limited', 'unspecified').optional(),
      card: part({ exp_month: integer().optional(), exp_year: integer().optional() }).optional(),
    }),
    (books, { metadata: given, card, allow_redisplay }, id) => {
      const method = books.need('payment_method', id);
      const changes: Partial<PaymentMethod> = {
        metadata: mergeMetadata(method.metadata ?? {}, given),
        ...(allow_redisplay === undefined ? {} : { allow_redisplay }),
        ...(card && method.card
          ? {
              card: {
                ...method.card,
                exp_month: card.exp_month ?? method.card.exp_month,
                exp_year: card.exp_year ?? method.card.exp_year,
              },
            }
          : {}),
      };
      return books.change<'payment_method'>(method, changes, 'payment_method.updated');
    },
  ),
  endpoint(
    'POST',
    '/v1/payment_methods/:id/attach',
    paramsOf<Stripe.PaymentMethodAttachParams>()({ customer: text() }),
    (books, { customer }, id) => attachTo(books, id, books.customer(customer).id, 'payment_method'),
  ),
  endpoint(
    'POST',
    '/v1/payment_methods/:id/detach',
    paramsOf<Stripe.PaymentMethodDetachParams>()({}),
    (books, _, id) => detach(books, id),
  ),
  endpoint('GET', '/v1/customers/:id/payment_methods', ListOfCustomer, (books, params, id) =>
    pageOf(`/v1/customers/${id}/payment_methods`, ofCustomer(books, books.customer(id, 'id').id), params),
  ),
  endpoint(
    'GET',
    '/v1/customers/:id/payment_methods/:method',
    paramsOf<Stripe.CustomerRetrievePaymentMethodParams>()({}),
    (books, _, _customer, id) => books.need('payment_method', id),
  ),
];

function detach(books: Books, id: string): PaymentMethod {
  const method = books.need('payment_method', id);
  if (method.customer === null)
    throw invalidRequest(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
      'payment_method',
    );
  const customer = books.customer(method.customer);
  books.change<'payment_method'>(method, { customer: null }, 'payment_method.detached');
  for (const one of books.store.all('subscription'))
    if (one.default_payment_method === id)
      books.change<'subscription'>(one, { default_payment_method: null }, 'customer.subscription.updated');
  if (customer.invoice_settings.default_payment_method === id)
    books.change<'customer'>(
      customer,
      { invoice_settings: { ...customer.invoice_settings, default_payment_method: null } },
      'customer.updated',
    );
  return method;
}

/** What pays for a customer: the subscription's own method, else the customer's: https://docs.stripe.com/billing/subscriptions/overview */
export function payingMethod(
  books: Books,
  customer: string,
  own: string | null | undefined,
): PaymentMethod | undefined {
  const id = own ?? books.store.get('customer', customer)?.invoice_settings.default_payment_method;
  return id ? books.store.get('payment_method', id) : undefined;
}
