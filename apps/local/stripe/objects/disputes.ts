import type Stripe from 'stripe';
import type { Books } from '../books.js';
import { DAY } from '../clock.js';
import { invalidRequest } from '../errors.js';
import { listParamsOf, mergeMetadata, metadata, paramsOf, text } from '../form.js';
import type { Charge, Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';

type Dispute = Kinds['dispute'];

const EVIDENCE_DAYS = 9;

/** https://docs.stripe.com/api/disputes/object: the bank takes the money back until it is decided. */
export function createDispute(books: Books, charge: Charge, reason: string): Dispute {
  if (charge.disputed) throw invalidRequest('This charge is already disputed.', 'charge', 'charge_disputed');
  const now = books.now(charge.customer);
  books.change<'charge'>(charge, { disputed: true }, 'charge.updated');
  const dispute = books.add<'dispute'>(
    {
      id: newId('du'),
      object: 'dispute',
      amount: charge.amount,
      balance_transactions: [],
      charge: charge.id,
      created: now,
      currency: charge.currency,
      enhanced_eligibility_types: [],
      evidence: noEvidence(),
      evidence_details: {
        ...{ due_by: now + EVIDENCE_DAYS * DAY, enhanced_eligibility: {}, has_evidence: false },
        ...{ past_due: false, submission_count: 0, submission_method: 'not_submitted' as const },
      },
      intended_submission_method: null,
      is_charge_refundable: false,
      livemode: false,
      metadata: {},
      payment_intent: charge.payment_intent,
      reason,
      status: 'needs_response',
    },
    'charge.dispute.created',
  );
  books.emit('charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

/** Decided by the bank; asked for over POST /_control/disputes. */
export function closeDispute(books: Books, id: string, status: 'lost' | 'won'): Dispute {
  const dispute = books.need('dispute', id);
  if (dispute.status === 'lost' || dispute.status === 'won')
    throw invalidRequest('This dispute is already closed.', 'dispute');
  books.change<'dispute'>(dispute, { status });
  books.emit('charge.dispute.closed', dispute);
  if (status === 'won') books.emit('charge.dispute.funds_reinstated', dispute);
  return dispute;
}

function noEvidence(): Dispute['evidence'] {
  const names = [
    ...[
      'access_activity_log',
      'appeal',
      'billing_address',
      'cancellation_policy',
      'cancellation_policy_disclosure',
    ],
    ...['cancellation_rebuttal', 'customer_communication', 'customer_email_address', 'customer_name'],
    ...[
      'customer_purchase_ip',
      'customer_signature',
      'duplicate_charge_documentation',
      'duplicate_charge_explanation',
    ],
    ...['duplicate_charge_id', 'product_description', 'receipt', 'refund_policy', 'refund_policy_disclosure'],
    ...[
      'refund_refusal_explanation',
      'service_date',
      'service_documentation',
      'shipping_address',
      'shipping_carrier',
    ],
    ...[
      'shipping_date',
      'shipping_documentation',
      'shipping_tracking_number',
      'uncategorized_file',
      'uncategorized_text',
    ],
  ];
  const empty = Object.fromEntries(names.map((name) => [name, null]));
  return { ...empty, enhanced_evidence: {} } as Dispute['evidence'];
}

const List = listParamsOf<Stripe.DisputeListParams>()({
  charge: text().optional(),
  payment_intent: text().optional(),
});

export const disputes = [
  endpoint('GET', '/v1/disputes', List, (books, params) =>
    pageOf(
      '/v1/disputes',
      books.store
        .all('dispute')
        .filter((one) => params.charge === undefined || one.charge === params.charge)
        .filter((one) => params.payment_intent === undefined || one.payment_intent === params.payment_intent),
      params,
    ),
  ),
  endpoint('GET', '/v1/disputes/:id', paramsOf<Stripe.DisputeRetrieveParams>()({}), (books, _, id) =>
    books.need('dispute', id),
  ),
  endpoint(
    'POST',
    '/v1/disputes/:id',
    paramsOf<Stripe.DisputeUpdateParams>()({ metadata: metadata().optional() }),
    (books, { metadata: given }, id) => {
      const dispute = books.need('dispute', id);
      return books.change<'dispute'>(
        dispute,
        { metadata: mergeMetadata(dispute.metadata, given) },
        'charge.dispute.updated',
      );
    },
  ),
  endpoint('POST', '/v1/disputes/:id/close', paramsOf<Stripe.DisputeCloseParams>()({}), (books, _, id) =>
    closeDispute(books, id, 'lost'),
  ),
];
