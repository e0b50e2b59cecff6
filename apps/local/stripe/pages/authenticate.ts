import { page } from '../../plain-page.js';
import type { Controlled } from '../control.js';
import { StripeRefusal } from '../errors.js';
import { confirmPayment } from '../objects/confirm-payment.js';
import { confirmSetup } from '../objects/setup-intents.js';
import { problem } from './shown.js';
import type { Shown } from './shown.js';

/** The page of `next_action.redirect_to_url`: the bank of the card asks whether it is you. */
export function authenticatePage({ books }: Controlled, id: string): Shown {
  const intent = books.store.get('payment_intent', id) ?? books.need('setup_intent', id);
  if (intent.status !== 'requires_action')
    return {
      html: page(
        '3D Secure',
        `<h1>3D Secure</h1><p>There is nothing to confirm: it is ${intent.status}.</p>`,
      ),
    };
  const body = `<h1>3D Secure</h1><p>The bank of this card asks whether it is you.</p><form method="post">
<button name="action" value="authenticate">Complete</button> <button name="action" value="fail">Fail</button></form>`;
  return { html: page('3D Secure', body) };
}

export function authenticateSubmitted({ books }: Controlled, id: string, form: URLSearchParams): Shown {
  if (form.get('action') !== 'authenticate') return problem('It was not you. Nothing was paid.', 200);
  books.transact(
    () => {
      const payment = books.store.get('payment_intent', id);
      if (payment) confirmPayment(books, payment, {}, true);
      else
        confirmSetup(
          books,
          books.need('setup_intent', id),
          books.need('setup_intent', id).payment_method ?? '',
          true,
        );
    },
    (error) => error instanceof StripeRefusal && error.keeps,
  );
  return { redirect: `/authenticate/${id}` };
}
