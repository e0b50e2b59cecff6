import type { Books } from './books.js';
import { invalidRequest } from './errors.js';
import { withFirstLines } from './lists.js';
import { clone, listOf } from './wire.js';

const DEEPEST = 4;

/** Lists an object has only when asked for: https://docs.stripe.com/expand#includable-properties */
const INCLUDABLE: Record<string, Record<string, (books: Books, id: string) => unknown>> = {
  charge: { refunds: (books, id) => related(books, 'refund', 'charge', id, '/v1/refunds') },
  customer: {
    subscriptions: (books, id) =>
      related(books, 'subscription', 'customer', id, `/v1/customers/${id}/subscriptions`),
    tax_ids: (books, id) => related(books, 'tax_id', 'customer', id, `/v1/customers/${id}/tax_ids`),
  },
  invoice: {
    payments: (books, id) => related(books, 'invoice_payment', 'invoice', id, '/v1/invoice_payments'),
    confirmation_secret: (books, id) => {
      const payment = books.store.all('invoice_payment').findLast((one) => one.invoice === id);
      const intent = books.store.get('payment_intent', payment?.payment.payment_intent ?? '');
      return intent?.client_secret ? { client_secret: intent.client_secret, type: 'payment_intent' } : null;
    },
  },
  // Of one that has none there is nothing to include.
  price: { tiers: (books, id) => books.store.get('notes', id)?.tiers },
  'checkout.session': {
    line_items: (books, id) =>
      listOf(
        `/v1/checkout/sessions/${id}/line_items`,
        (books.store.notes(id).checkout as { line_items: unknown[] } | undefined)?.line_items ?? [],
      ),
  },
};

function related(
  books: Books,
  kind: 'invoice_payment' | 'refund' | 'subscription' | 'tax_id',
  field: string,
  id: string,
  url: string,
) {
  const all = books.store.all(kind) as unknown as Record<string, unknown>[];
  const living = kind === 'subscription' ? all.filter((one) => one.status !== 'canceled') : all;
  return listOf(url, living.filter((one) => one[field] === id).reverse());
}

/** The answer with what was asked for in place of ids. Throws for what cannot be expanded. */
export function expanded(books: Books, answer: unknown, paths: string[] | undefined): unknown {
  const copy = withFirstLines(clone(answer));
  for (const path of paths ?? []) {
    const steps = path.split('.');
    if (steps.length > DEEPEST + (steps[0] === 'data' ? 1 : 0))
      throw invalidRequest(`You cannot expand more than ${DEEPEST} levels of a property.`, 'expand');
    expandAt(books, copy, steps, path);
  }
  return copy;
}

function expandAt(books: Books, value: unknown, [step, ...rest]: string[], path: string): void {
  if (step === undefined || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) expandAt(books, one, [step, ...rest], path);
    return;
  }
  const object = value as Record<string, unknown>;
  const include = INCLUDABLE[String(object.object)]?.[step];
  if (include && object[step] === undefined) {
    const included = clone(include(books, String(object.id)));
    if (included === undefined) return;
    object[step] = included;
  }
  if (!(step in object)) throw cannotExpand(step, path);
  object[step] = resolved(books, object[step], step, path, rest.length === 0);
  expandAt(books, object[step], rest, path);
}

function resolved(books: Books, value: unknown, step: string, path: string, last: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(books, one, step, path, last));
  if (typeof value === 'string') {
    const found = books.store.find(value);
    if (!found) throw cannotExpand(step, path);
    return withFirstLines(clone(found));
  }
  // Stripe tolerates asking for what is always there.
  if (value === null || typeof value === 'object') return value;
  throw cannotExpand(step, path);
}

function cannotExpand(step: string, path: string) {
  return invalidRequest(
    `This property cannot be expanded (${path}). You may want to try expanding '${step}' elsewhere.`,
    'expand',
  );
}
