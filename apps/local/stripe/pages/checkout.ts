import { escape, page } from '../../plain-page.js';
import type { Controlled } from '../control.js';
import { invalidRequest, StripeRefusal } from '../errors.js';
import type { CheckoutSession } from '../kinds.js';
import { completeCheckout } from '../life/checkout.js';
import { askedBy } from '../objects/checkout-customer.js';
import { planOfSession, trialOf } from '../objects/checkout-sessions.js';
import { numberedCard } from '../objects/test-cards.js';
import { shownPrice } from '../life/amounts.js';
import type { Shown } from './shown.js';
import { cardFields, money, table } from './parts-of-pages.js';

/** Where `{CHECKOUT_SESSION_ID}` stands for the session: https://docs.stripe.com/payments/checkout/custom-success-page */
function successUrl(session: CheckoutSession): string {
  return (session.success_url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

export function checkoutPage({ books }: Controlled, id: string): Shown {
  return show(books.need('checkout.session', id), { books });
}

function show(session: CheckoutSession, { books }: Pick<Controlled, 'books'>, problem = ''): Shown {
  if (session.status !== 'open')
    return {
      html: page(
        'Checkout',
        `<h1>Checkout</h1><p>This page is ${session.status === 'complete' ? 'done: it was paid' : 'no longer open'}.</p>`,
      ),
    };
  const plan = planOfSession(books, session.id);
  const rows = plan.line_items.map((line) => [
    escape(line.description ?? ''),
    line.quantity === null ? 'as used' : String(line.quantity),
    line.price ? escape(shownPrice(line.price)) : '',
  ]);
  const asked = askedBy(books, session, plan);
  const known = session.customer_details;
  const name = asked.name
    ? `<label>Name <input name="name" autocomplete="name" value="${escape(known?.name ?? '')}"></label>`
    : '';
  const need = asked.address === 'required' ? ' required' : '';
  const address = asked.address
    ? `<label>Country <input name="country" pattern="[A-Z]{2}" title="Two letters, like DE"${need} value="${escape(known?.address?.country ?? '')}"></label>
<label>Postal code <input name="postal_code" value="${escape(known?.address?.postal_code ?? '')}"></label>`
    : '';
  const email = session.customer
    ? ''
    : `<label>E-mail <input name="email" type="email" required value="${escape(session.customer_email ?? '')}"></label>`;
  const code = session.allow_promotion_codes
    ? '<label>Promotion code <input name="promotion_code" autocomplete="off"></label>'
    : '';
  const trial = trialOf(plan)
    ? `<p>Free until the trial ends${plan.subscription_data.trial_period_days ? ` in ${plan.subscription_data.trial_period_days} days` : ''}.</p>`
    : '';
  const due =
    session.amount_total === null
      ? ''
      : `<p>Due today: <strong>${money(session.amount_total, session.currency ?? 'usd')}</strong>, before discounts.</p>`;
  const cancel = session.cancel_url ? `<p><a href="${escape(session.cancel_url)}">Cancel</a></p>` : '';
  const body = `<h1>Checkout</h1><p>A stand-in for Stripe’s page: no card is charged.</p>
${problem ? `<p role="alert"><strong>${escape(problem)}</strong></p>` : ''}
${session.mode === 'setup' ? '<p>Store a card for later.</p>' : table(['Plan', 'Quantity', 'Price'], rows)}${trial}${due}
<form method="post">${email}${name}${address}${cardFields()}${code}<button name="action" value="pay">${session.mode === 'setup' ? 'Save card' : 'Pay and subscribe'}</button></form>${cancel}`;
  return { html: page('Checkout', body), leadsTo: [session.success_url, session.cancel_url] };
}

export function checkoutSubmitted(parts: Controlled, id: string, form: URLSearchParams): Shown {
  const { books } = parts;
  const session = books.need('checkout.session', id);
  if (form.get('action') === 'fail_authentication')
    return show(
      session,
      parts,
      'We are unable to authenticate your payment method. Please choose a different one and try again.',
    );
  try {
    const card = pickedCard(form);
    const result = books.transact(() =>
      completeCheckout(books, session, {
        card,
        email: form.get('email') ?? undefined,
        name: form.get('name')?.trim() || undefined,
        country: form.get('country')?.trim() || undefined,
        postalCode: form.get('postal_code')?.trim() || undefined,
        promotionCode: form.get('promotion_code') || undefined,
        authenticated: form.get('action') === 'authenticate',
      }),
    );
    return result.kind === 'complete' ? { redirect: successUrl(session) } : question(session, form, card);
  } catch (error) {
    // Stays open for another card, as Stripe's page does.
    if (error instanceof StripeRefusal) return show(session, parts, error.body.message);
    throw error;
  }
}

/** A typed number is worth more than a choice nobody made. */
export function pickedCard(form: URLSearchParams): string {
  const typed = form.get('number')?.trim();
  if (!typed) return form.get('card') ?? 'visa';
  const found = numberedCard(typed);
  if (!found)
    throw invalidRequest('Your card number is not one of the test cards.', 'number', 'incorrect_number');
  return found.key;
}

/** The bank wants to know who is there: https://docs.stripe.com/payments/3d-secure */
function question(session: CheckoutSession, form: URLSearchParams, card: string): Shown {
  const kept = [...form].filter(([name]) => !['action', 'card', 'number'].includes(name));
  const hidden = [...kept, ['card', card]].map(
    ([name, value]) => `<input type="hidden" name="${escape(name!)}" value="${escape(value!)}">`,
  );
  const body = `<h1>3D Secure</h1><p>The bank of this card asks whether it is you.</p><form method="post">${hidden.join('')}
<button name="action" value="authenticate">Complete</button> <button name="action" value="fail_authentication">Fail</button></form>`;
  return { html: page('3D Secure', body), leadsTo: [session.success_url, session.cancel_url] };
}
