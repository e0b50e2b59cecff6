import type Stripe from 'stripe';
import { unpaidOf } from './look.js';

const JANUARY = 1_767_225_600;
const MONTH = 2_628_000;

/** What is read of an invoice; `months` after January. */
const invoice = (months: number, more: Partial<Stripe.Invoice> = {}): Stripe.Invoice =>
  ({
    id: `in_${months}`,
    status: 'paid',
    attempted: true,
    collection_method: 'charge_automatically',
    status_transitions: { finalized_at: JANUARY + months * MONTH },
    amount_remaining: 9_900,
    currency: 'usd',
    next_payment_attempt: null,
    due_date: null,
    ...more,
  }) as Stripe.Invoice;

describe('since when a subscription is not paid', () => {
  it('is since its last payment, whatever stayed open before: a forgotten proration suspended at once', () => {
    const forgotten = invoice(0, { status: 'open' });
    const all = [invoice(10, { status: 'open' }), invoice(9), invoice(8), forgotten];
    expect(unpaidOf(all)).toMatchObject({ invoiceId: 'in_10', since: JANUARY + 10 * MONTH });
  });

  it('is since the first of several in a row', () => {
    const open = { status: 'open' } as const;
    const all = [
      invoice(6, { status: 'draft' }),
      invoice(5, open),
      invoice(4, { status: 'void' }),
      invoice(3, open),
    ];
    expect(unpaidOf([...all, invoice(2), invoice(1, open)])).toMatchObject({ invoiceId: 'in_3' });
    expect(unpaidOf(all)).toMatchObject({ invoiceId: 'in_3' });
  });

  it('is not before it was tried, or was due', () => {
    expect(unpaidOf([invoice(3, { status: 'open', attempted: false }), invoice(2)])).toBeNull();
    const sent = { status: 'open', collection_method: 'send_invoice', attempted: false } as const;
    const due = JANUARY + 4 * MONTH;
    expect(unpaidOf([invoice(3, { ...sent, due_date: due })])).toMatchObject({ since: due });
    expect(unpaidOf([])).toBeNull();
  });
});
