import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import { listParamsOf, mergeMetadata, metadata, oneOf, paramsOf, positive, text } from '../form.js';
import type { Charge, Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';

const CreateRefund = paramsOf<Stripe.RefundCreateParams>()({
  amount: positive().optional(),
  charge: text().optional(),
  metadata: metadata().optional(),
  payment_intent: text().optional(),
  reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer').optional(),
});

/** https://docs.stripe.com/api/refunds/object */
export function createRefund(books: Books, given: z.output<typeof CreateRefund>): Kinds['refund'] {
  const charge = refundable(books, given);
  const left = charge.amount - charge.amount_refunded;
  const amount = given.amount ?? left;
  if (left === 0)
    throw invalidRequest(
      `Charge ${charge.id} has already been refunded.`,
      undefined,
      'charge_already_refunded',
    );
  if (charge.disputed)
    throw invalidRequest(
      `Charge ${charge.id} has been charged back; cannot issue a refund.`,
      undefined,
      'charge_disputed',
    );
  if (amount > left)
    throw invalidRequest(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
      'amount',
    );
  const refund = books.add<'refund'>({
    id: newId('re'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: books.now(charge.customer),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    metadata: mergeMetadata({}, given.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: given.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  });
  books.emit('refund.created', refund);
  const refunded = charge.amount_refunded + amount;
  books.change<'charge'>(
    charge,
    { amount_refunded: refunded, refunded: refunded === charge.amount },
    'charge.refunded',
  );
  books.emit('refund.updated', refund);
  return refund;
}

function refundable(
  books: Books,
  { charge, payment_intent }: { charge?: string; payment_intent?: string },
): Charge {
  if ((charge === undefined) === (payment_intent === undefined))
    throw invalidRequest(
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  const id = charge ?? books.need('payment_intent', payment_intent!, 'payment_intent').latest_charge;
  if (id === null)
    throw invalidRequest('This PaymentIntent does not have a successful charge to refund.', 'payment_intent');
  const found = books.need('charge', id, 'charge');
  if (found.status !== 'succeeded')
    throw invalidRequest(`Charge ${id} was not successful.`, 'charge', 'charge_not_refundable');
  return found;
}

const List = listParamsOf<Stripe.RefundListParams>()({
  charge: text().optional(),
  payment_intent: text().optional(),
});

export const refunds = [
  endpoint('POST', '/v1/refunds', CreateRefund, createRefund),
  endpoint('GET', '/v1/refunds', List, (books, params) =>
    pageOf(
      '/v1/refunds',
      books.store
        .all('refund')
        .filter((one) => params.charge === undefined || one.charge === params.charge)
        .filter((one) => params.payment_intent === undefined || one.payment_intent === params.payment_intent),
      params,
    ),
  ),
  endpoint('GET', '/v1/refunds/:id', paramsOf<Stripe.RefundRetrieveParams>()({}), (books, _, id) =>
    books.need('refund', id),
  ),
  endpoint(
    'POST',
    '/v1/refunds/:id',
    paramsOf<Stripe.RefundUpdateParams>()({ metadata: metadata().optional() }),
    (books, { metadata: given }, id) => {
      const refund = books.need('refund', id);
      return books.change<'refund'>(
        refund,
        { metadata: mergeMetadata(refund.metadata ?? {}, given) },
        'refund.updated',
      );
    },
  ),
];
