import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { flag, paramsOf, text } from '../form.js';
import type { PaymentIntent } from '../kinds.js';
import { collectOrThrow } from '../life/collection.js';
import { endpoint } from '../router.js';
import { cancelIntent, mustBePayable } from './payment-intents.js';
import { attachTo, payingMethod } from './payment-methods.js';

const Confirm = paramsOf<Stripe.PaymentIntentConfirmParams>()({
  off_session: flag().optional(),
  payment_method: text().optional(),
  return_url: text().optional(),
});

/**
 * Pays an invoice through its intent, as Stripe.js does in a browser. `authenticated`: the person has passed the bank's
 * page, which here is /authenticate/<intent>.
 */
export function confirmPayment(
  books: Books,
  intent: PaymentIntent,
  { payment_method: given, off_session: offSession }: { payment_method?: string; off_session?: boolean },
  authenticated = false,
): PaymentIntent {
  mustBePayable(intent);
  const payment = books.store
    .all('invoice_payment')
    .findLast((one) => one.payment.payment_intent === intent.id);
  const invoice = books.need('invoice', (payment?.invoice as string | undefined) ?? '');
  const id = given ?? intent.payment_method ?? payingMethod(books, intent.customer!, null)?.id;
  if (!id)
    throw invalidRequest(
      'You cannot confirm this PaymentIntent because it is missing a payment method.',
      undefined,
      'payment_intent_unexpected_state',
    );
  const method = attachTo(books, id, intent.customer!, 'payment_method');
  try {
    collectOrThrow(books, invoice, { method, offSession, authenticated });
  } catch (error) {
    // Waiting for a person is an answer here, not a failure.
    if (intent.status !== 'requires_action') throw error;
  }
  return intent;
}

export const confirmPayments = [
  endpoint('POST', '/v1/payment_intents/:id/confirm', Confirm, (books, given, id) =>
    confirmPayment(books, books.need('payment_intent', id), given),
  ),
  endpoint(
    'POST',
    '/v1/payment_intents/:id/cancel',
    paramsOf<Stripe.PaymentIntentCancelParams>()({}),
    (books, _, id) => {
      const intent = books.need('payment_intent', id);
      mustBePayable(intent);
      cancelIntent(books, id, 'abandoned');
      return intent;
    },
  ),
];
