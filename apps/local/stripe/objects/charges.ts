import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { DECLINES } from '../errors.js';
import { listParamsOf, mergeMetadata, metadata, paramsOf, range, text, unset } from '../form.js';
import type { Charge, PaymentIntent, PaymentMethod } from '../kinds.js';
import { inRange, pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';

/** https://docs.stripe.com/api/charges/object: one attempt to get money, refused when a decline code says so. */
export function createCharge(
  books: Books,
  intent: PaymentIntent,
  method: PaymentMethod,
  declineCode: string | undefined,
): Charge {
  const failed = declineCode === undefined ? undefined : (DECLINES[declineCode] ?? DECLINES.generic_decline!);
  const charge = books.add<'charge'>({
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: failed ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'GATEHOUSE',
    captured: !failed,
    created: books.now(intent.customer),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: failed?.code ?? null,
    failure_message: failed?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: {
      advice_code: failed ? 'try_again_later' : null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: failed ? 'declined_by_network' : 'approved_by_network',
      reason: declineCode ?? null,
      risk_level: 'normal',
      risk_score: 20,
      seller_message: failed
        ? 'The bank did not return any further details with this decline.'
        : 'Payment complete.',
      type: failed ? 'issuer_declined' : 'authorized',
    },
    paid: !failed,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: null,
    receipt_email: null,
    receipt_number: null,
    receipt_url: failed ? null : `${books.baseUrl}/receipts`,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: failed ? 'failed' : 'succeeded',
    transfer_data: null,
    transfer_group: null,
  });
  books.emit(failed ? 'charge.failed' : 'charge.succeeded', charge);
  return charge;
}

const List = listParamsOf<Stripe.ChargeListParams>()({
  created: range().optional(),
  customer: text().optional(),
  payment_intent: text().optional(),
});

export const charges = [
  endpoint('GET', '/v1/charges', List, (books, params) =>
    pageOf(
      '/v1/charges',
      books.store
        .all('charge')
        .filter((one) => params.customer === undefined || one.customer === params.customer)
        .filter((one) => params.payment_intent === undefined || one.payment_intent === params.payment_intent)
        .filter((one) => inRange(one.created, params.created)),
      params,
    ),
  ),
  endpoint('GET', '/v1/charges/:id', paramsOf<Stripe.ChargeRetrieveParams>()({}), (books, _, id) =>
    books.need('charge', id),
  ),
  endpoint(
    'POST',
    '/v1/charges/:id',
    paramsOf<Stripe.ChargeUpdateParams>()({
      metadata: metadata().optional(),
      description: unset(text()).optional(),
    }),
    (books, { metadata: given, description }, id) => {
      const charge = books.need('charge', id);
      return books.change<'charge'>(
        charge,
        {
          metadata: mergeMetadata(charge.metadata, given),
          ...(description === undefined ? {} : { description }),
        },
        'charge.updated',
      );
    },
  ),
];
