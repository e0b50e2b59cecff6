import { escape, page } from '../../plain-page.js';
import type { Books } from '../books.js';
import type { Controlled } from '../control.js';
import { invalidRequest } from '../errors.js';
import type { Kinds, Subscription } from '../kinds.js';
import { cancelNow, isEnded } from '../life/cancel.js';
import { updateSubscription } from '../life/update.js';
import { setDefault } from '../objects/customers.js';
import { attachTo, createCard, payingMethod } from '../objects/payment-methods.js';
import { periodOf } from '../objects/subscription-shape.js';
import { pickedCard } from './checkout.js';
import type { Shown } from './shown.js';
import { button, cardFields, money, table, time } from './parts-of-pages.js';

/** The customer portal, small: https://docs.stripe.com/customer-management */
export function portalPage({ books }: Controlled, id: string): Shown {
  const session = books.need('billing_portal.session', id);
  const { features } = configurationOf(books, session);
  const customer = books.customer(session.customer);
  const own = books.store.all('subscription').filter((one) => one.customer === customer.id && !isEnded(one));
  const rows = own.map((one) => [
    escape(
      one.items.data
        .map((item) => `${item.quantity ?? 'uses'} × ${item.price.lookup_key ?? item.price.id}`)
        .join(', '),
    ),
    escape(one.status),
    one.cancel_at === null ? `renews ${time(periodOf(one).end)}` : `ends ${time(one.cancel_at)}`,
    features.subscription_cancel.enabled ? actionFor(one) : '',
  ]);
  const method = payingMethod(books, customer.id, own[0]?.default_payment_method);
  const card = method?.card ? `${method.card.brand} •••• ${method.card.last4}` : 'none';
  const change = features.payment_method_update.enabled
    ? `<form method="post">${cardFields()}<button name="action" value="card">Change card</button></form>`
    : '';
  const back = session.return_url ? `<p><a href="${escape(session.return_url)}">Return</a></p>` : '';
  const body = `<h1>Billing</h1><p>A stand-in for Stripe’s portal. ${escape(customer.email ?? '')}</p>${back}
<h2>Subscriptions</h2>${table(['Plan', 'Status', '', ''], rows)}
<h2>Card</h2><p>${escape(card)}</p>${change}
${features.invoice_history.enabled ? `<h2>Invoices</h2>${invoicesOf(books, customer.id)}` : ''}`;
  return { html: page('Billing', body), leadsTo: [session.return_url] };
}

function actionFor(subscription: Subscription): string {
  return subscription.cancel_at === null
    ? button('Cancel plan', { action: 'cancel', subscription: subscription.id })
    : button('Keep plan', { action: 'keep', subscription: subscription.id });
}

function invoicesOf(books: Books, customer: string): string {
  const all = books.store.all('invoice').filter((one) => one.customer === customer && one.status !== 'draft');
  return table(
    ['Number', 'Date', 'Amount', 'Status'],
    all
      .reverse()
      .map((one) => [
        `<a href="/invoices/${one.id}">${escape(one.number ?? one.id)}</a>`,
        time(one.created),
        money(one.total, one.currency),
        escape(one.status ?? ''),
      ]),
  );
}

export function portalSubmitted({ books }: Controlled, id: string, form: URLSearchParams): Shown {
  const session = books.need('billing_portal.session', id);
  books.transact(() => act(books, session, form));
  return { redirect: session.flow?.after_completion.redirect?.return_url ?? `/p/session/${id}` };
}

function act(books: Books, session: Kinds['billing_portal.session'], form: URLSearchParams): void {
  const action = form.get('action');
  const { features } = configurationOf(books, session);
  if (action === 'card') {
    if (!features.payment_method_update.enabled) throw invalidRequest('Cards cannot be changed here.');
    return changeCard(books, session.customer, pickedCard(form));
  }
  const subscription = books.need('subscription', form.get('subscription') ?? '');
  if (subscription.customer !== session.customer || !features.subscription_cancel.enabled)
    throw invalidRequest('This cannot be changed here.');
  if (action === 'keep')
    updateSubscription(
      books,
      subscription,
      subscription.cancel_at_period_end ? { cancel_at_period_end: false } : { cancel_at: null },
    );
  else if (features.subscription_cancel.mode === 'immediately') cancelNow(books, subscription, {});
  else updateSubscription(books, subscription, { cancel_at_period_end: true });
}

/** The new card pays from now on, for every subscription that named one of its own, too. */
function changeCard(books: Books, customerId: string, card: string): void {
  const customer = books.customer(customerId);
  const method = attachTo(books, createCard(books, card).id, customer.id, 'payment_method');
  setDefault(books, customer, method.id);
  for (const one of books.store.all('subscription'))
    if (one.customer === customerId && !isEnded(one) && one.default_payment_method !== null)
      books.change<'subscription'>(
        one,
        { default_payment_method: method.id },
        'customer.subscription.updated',
      );
}

function configurationOf(books: Books, session: Kinds['billing_portal.session']) {
  return books.need('billing_portal.configuration', session.configuration);
}
