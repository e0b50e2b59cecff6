import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { declined, invalidRequest } from '../errors.js';
import { flag, listParamsOf, mergeMetadata, metadata, oneOf, paramsOf, text } from '../form.js';
import type { Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { attachTo, methodFor } from './payment-methods.js';
import { cardOf } from './test-cards.js';

type SetupIntent = Kinds['setup_intent'];

/** https://docs.stripe.com/api/setup_intents/object: stores a card for later without paying anything now. */
export function createSetupIntent(
  books: Books,
  customer: string | null,
  given: Record<string, string> | null = {},
): SetupIntent {
  const id = newId('seti');
  return books.add<'setup_intent'>(
    {
      id,
      object: 'setup_intent',
      allowed_payment_method_types: null,
      application: null,
      automatic_payment_methods: null,
      cancellation_reason: null,
      client_secret: `${id}_secret_${newId('', 24).slice(1)}`,
      created: books.now(customer),
      customer,
      description: null,
      excluded_payment_method_types: null,
      flow_directions: null,
      last_setup_error: null,
      latest_attempt: null,
      livemode: false,
      mandate: null,
      metadata: mergeMetadata({}, given),
      next_action: null,
      on_behalf_of: null,
      payment_method: null,
      payment_method_configuration_details: null,
      payment_method_options: null,
      payment_method_types: ['card'],
      single_use_mandate: null,
      status: 'requires_payment_method',
      usage: 'off_session',
    },
    'setup_intent.created',
  );
}

/** Throws the decline of a card that may not even be stored. */
export function confirmSetup(
  books: Books,
  intent: SetupIntent,
  methodId: string,
  authenticated = false,
): SetupIntent {
  if (intent.status === 'succeeded' || intent.status === 'canceled')
    throw invalidRequest(
      `You cannot confirm this SetupIntent because it has a status of ${intent.status}.`,
      undefined,
      'setup_intent_unexpected_state',
    );
  const method = methodFor(books, methodId, 'payment_method');
  const card = cardOf(books.store.notes(method.id).card);
  if (card.attach) {
    books.change<'setup_intent'>(intent, { status: 'requires_payment_method' });
    books.emit('setup_intent.setup_failed', intent);
    throw declined(card.attach);
  }
  if (card.authentication && !authenticated)
    return books.change<'setup_intent'>(
      intent,
      {
        payment_method: method.id,
        status: 'requires_action',
        next_action: {
          type: 'redirect_to_url',
          redirect_to_url: { return_url: null, url: `${books.baseUrl}/authenticate/${intent.id}` },
        },
      },
      'setup_intent.requires_action',
    );
  if (intent.customer) attachTo(books, method.id, intent.customer, 'payment_method');
  return books.change<'setup_intent'>(
    intent,
    { payment_method: method.id, status: 'succeeded', next_action: null },
    'setup_intent.succeeded',
  );
}

const Create = paramsOf<Stripe.SetupIntentCreateParams>()({
  customer: text().optional(),
  confirm: flag().optional(),
  metadata: metadata().optional(),
  payment_method: text().optional(),
  usage: oneOf('off_session', 'on_session').optional(),
});

function create(books: Books, given: z.output<typeof Create>): SetupIntent {
  const customer = given.customer === undefined ? null : books.customer(given.customer).id;
  const intent = createSetupIntent(books, customer, given.metadata);
  if (given.payment_method === undefined) return intent;
  if (given.confirm) return confirmSetup(books, intent, given.payment_method);
  const method = methodFor(books, given.payment_method, 'payment_method');
  return books.change<'setup_intent'>(intent, { payment_method: method.id, status: 'requires_confirmation' });
}

export const setupIntents = [
  endpoint('POST', '/v1/setup_intents', Create, create),
  endpoint(
    'GET',
    '/v1/setup_intents',
    listParamsOf<Stripe.SetupIntentListParams>()({ customer: text().optional() }),
    (books, params) =>
      pageOf(
        '/v1/setup_intents',
        books.store
          .all('setup_intent')
          .filter((one) => params.customer === undefined || one.customer === params.customer),
        params,
      ),
  ),
  endpoint('GET', '/v1/setup_intents/:id', paramsOf<Stripe.SetupIntentRetrieveParams>()({}), (books, _, id) =>
    books.need('setup_intent', id),
  ),
  endpoint(
    'POST',
    '/v1/setup_intents/:id/confirm',
    paramsOf<Stripe.SetupIntentConfirmParams>()({
      payment_method: text().optional(),
      return_url: text().optional(),
    }),
    (books, given, id) => {
      const intent = books.need('setup_intent', id);
      const method = given.payment_method ?? intent.payment_method;
      if (!method)
        throw invalidRequest(
          'You cannot confirm this SetupIntent because it is missing a payment method.',
          'payment_method',
        );
      return confirmSetup(books, intent, method);
    },
  ),
  endpoint(
    'POST',
    '/v1/setup_intents/:id/cancel',
    paramsOf<Stripe.SetupIntentCancelParams>()({}),
    (books, _, id) =>
      books.change<'setup_intent'>(
        books.need('setup_intent', id),
        { status: 'canceled', cancellation_reason: 'abandoned' },
        'setup_intent.canceled',
      ),
  ),
];
