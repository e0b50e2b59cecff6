import { escape, page } from '../../plain-page.js';
import type { Controlled } from '../control.js';
import { StripeRefusal } from '../errors.js';
import { collectOrThrow } from '../life/collection.js';
import { attachTo, createCard } from '../objects/payment-methods.js';
import { pickedCard } from './checkout.js';
import type { Shown } from './shown.js';
import { cardFields, money, table, time } from './parts-of-pages.js';

/** Stripe's hosted invoice page, and what stands for its PDF. */
export function invoicePage({ books }: Controlled, id: string): Shown {
  const invoice = books.need('invoice', id);
  const lines = invoice.lines.data.map((line) => [
    escape(line.description ?? ''),
    money(line.amount, line.currency),
  ]);
  const pay =
    invoice.status === 'open'
      ? `<form method="post">${cardFields()}<button name="action" value="pay">Pay ${money(invoice.amount_remaining, invoice.currency)}</button></form>`
      : '';
  const body = `<h1>Invoice ${escape(invoice.number ?? '(draft)')}</h1><p>${escape(invoice.customer_email ?? '')}, ${time(invoice.created)}: ${escape(invoice.status ?? '')}</p>
${table(['', 'Amount'], [...lines, ['Total', money(invoice.total, invoice.currency)], ['Paid', money(invoice.amount_paid, invoice.currency)]])}${pay}`;
  return { html: page(`Invoice ${invoice.number ?? ''}`, body) };
}

export function invoiceSubmitted({ books }: Controlled, id: string, form: URLSearchParams): Shown {
  const invoice = books.need('invoice', id);
  books.transact(
    () => {
      const method = attachTo(
        books,
        createCard(books, pickedCard(form)).id,
        invoice.customer!,
        'payment_method',
      );
      collectOrThrow(books, invoice, { method, authenticated: true });
    },
    (error) => error instanceof StripeRefusal && error.keeps,
  );
  return { redirect: `/invoices/${id}` };
}
