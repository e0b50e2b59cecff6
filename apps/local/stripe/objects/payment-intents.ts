import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { DECLINES, invalidRequest } from '../errors.js';
import { listParamsOf, mergeMetadata, metadata, paramsOf, range, text } from '../form.js';
import type { Charge, PaymentIntent, PaymentMethod } from '../kinds.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { createCharge } from './charges.js';
import { createDispute } from './disputes.js';
import { cardOf } from './test-cards.js';
import { clone } from '../wire.js';

/** https://docs.stripe.com/api/payment_intents/object */
export function createIntent(
  books: Books,
  {
    amount,
    currency,
    customer,
    description,
  }: { amount: number; currency: string; customer: string; description: string },
): PaymentIntent {
  const id = newId('pi');
  return books.add<'payment_intent'>(
    {
      id,
      object: 'payment_intent',
      allowed_payment_method_types: null,
      amount,
      amount_capturable: 0,
      amount_received: 0,
      application: null,
      application_fee_amount: null,
      automatic_payment_methods: null,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: 'automatic',
      client_secret: `${id}_secret_${newId('', 24).slice(1)}`,
      confirmation_method: 'automatic',
      created: books.now(customer),
      currency,
      customer,
      customer_account: null,
      description,
      excluded_payment_method_types: null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      managed_payments: null,
      metadata: {},
      next_action: null,
      on_behalf_of: null,
      payment_method: null,
      payment_method_configuration_details: null,
      payment_method_options: null,
      payment_method_types: ['card'],
      payment_record: null,
      processing: null,
      receipt_email: null,
      review: null,
      setup_future_usage: null,
      shipping: null,
      source: null,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
      status: 'requires_payment_method',
      transfer_group: null,
    },
    'payment_intent.created',
  );
}

export type Outcome =
  | { kind: 'paid'; charge: Charge }
  | { kind: 'declined'; declineCode: string; charge: Charge }
  | { kind: 'action' };

/**
 * Asks the card. `authenticated`: a person has just proved to be there; `offSession`: nobody is, so a card that needs
 * a person is refused: https://docs.stripe.com/payments/3d-secure
 */
export function confirm(
  books: Books,
  intent: PaymentIntent,
  method: PaymentMethod,
  { authenticated = false, offSession = false } = {},
): Outcome {
  const card = cardOf(books.store.notes(method.id).card);
  if (card.authentication === 'always' && !authenticated && !offSession)
    return needsPerson(books, intent, method);
  const needsAuthentication = card.authentication === 'always' && !authenticated;
  const declineCode =
    wantedDecline(books, intent.customer) ?? (needsAuthentication ? 'authentication_required' : card.pay);
  const charge = createCharge(books, intent, method, declineCode);
  if (declineCode !== undefined) return refused(books, intent, method, charge, declineCode);
  books.change<'payment_intent'>(
    intent,
    {
      ...{
        amount_received: intent.amount,
        last_payment_error: null,
        latest_charge: charge.id,
        next_action: null,
      },
      ...{ payment_method: method.id, status: 'succeeded' },
    },
    'payment_intent.succeeded',
  );
  if (card.dispute) createDispute(books, charge, card.dispute);
  return { kind: 'paid', charge };
}

function needsPerson(books: Books, intent: PaymentIntent, method: PaymentMethod): Outcome {
  const url = `${books.baseUrl}/authenticate/${intent.id}`;
  books.change<'payment_intent'>(
    intent,
    {
      payment_method: method.id,
      status: 'requires_action',
      next_action: { type: 'redirect_to_url', redirect_to_url: { return_url: null, url } },
    },
    'payment_intent.requires_action',
  );
  return { kind: 'action' };
}

function refused(
  books: Books,
  intent: PaymentIntent,
  method: PaymentMethod,
  charge: Charge,
  declineCode: string,
): Outcome {
  const { code, message } = DECLINES[declineCode] ?? DECLINES.generic_decline!;
  books.change<'payment_intent'>(
    intent,
    {
      latest_charge: charge.id,
      last_payment_error: {
        ...{ type: 'card_error', code, decline_code: declineCode, message, charge: charge.id },
        doc_url: `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}`,
        payment_method: clone(method),
      },
      next_action: null,
      payment_method: null,
      status: 'requires_payment_method',
    },
    'payment_intent.payment_failed',
  );
  return { kind: 'declined', declineCode, charge };
}

/** A failure that was asked for: POST /_control/faults, kind `decline`. */
function wantedDecline(books: Books, customer: string | null): string | undefined {
  const wanted = books.declines.find(
    (one) => one.times > 0 && (one.customer === undefined || one.customer === customer),
  );
  if (!wanted) return undefined;
  wanted.times--;
  return wanted.decline_code;
}

export function cancelIntent(books: Books, id: string, reason: 'abandoned' | 'void_invoice'): void {
  const intent = books.store.get('payment_intent', id);
  if (!intent || intent.status === 'succeeded' || intent.status === 'canceled') return;
  books.change<'payment_intent'>(
    intent,
    {
      canceled_at: books.now(intent.customer),
      cancellation_reason: reason,
      next_action: null,
      status: 'canceled',
    },
    'payment_intent.canceled',
  );
}

const List = listParamsOf<Stripe.PaymentIntentListParams>()({
  created: range().optional(),
  customer: text().optional(),
});

export const paymentIntents = [
  endpoint('GET', '/v1/payment_intents', List, (books, params) =>
    pageOf(
      '/v1/payment_intents',
      books.store
        .all('payment_intent')
        .filter((one) => params.customer === undefined || one.customer === params.customer)
        .filter((one) => inRange(one.created, params.created)),
      params,
    ),
  ),
  endpoint(
    'GET',
    '/v1/payment_intents/:id',
    paramsOf<Stripe.PaymentIntentRetrieveParams>()({ client_secret: text().optional() }),
    (books, _, id) => books.need('payment_intent', id),
  ),
  endpoint(
    'POST',
    '/v1/payment_intents/:id',
    paramsOf<Stripe.PaymentIntentUpdateParams>()({ metadata: metadata().optional() }),
    (books, { metadata: given }, id) => {
      const intent = books.need('payment_intent', id);
      return books.change<'payment_intent'>(intent, { metadata: mergeMetadata(intent.metadata, given) });
    },
  ),
];

/** An intent that belongs to an invoice is paid through it; throws for one that cannot be paid any more. */
export function mustBePayable(intent: PaymentIntent): void {
  if (intent.status === 'succeeded' || intent.status === 'canceled')
    throw invalidRequest(
      `You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`,
      undefined,
      'payment_intent_unexpected_state',
    );
}
