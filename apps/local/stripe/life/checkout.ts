import type { Books } from '../books.js';
import { declined, invalidRequest } from '../errors.js';
import type { CheckoutSession, Customer } from '../kinds.js';
import { planOfSession, trialOf } from '../objects/checkout-sessions.js';
import { askedBy } from '../objects/checkout-customer.js';
import { addressOf, createCustomer } from '../objects/customers.js';
import { attachTo, createCard } from '../objects/payment-methods.js';
import { confirmSetup, createSetupIntent } from '../objects/setup-intents.js';
import { cardOf } from '../objects/test-cards.js';
import { subscribe } from './subscribe.js';

export interface CheckoutForm {
  /** One of the test cards; none where none is required. */
  card?: string;
  email?: string;
  name?: string;
  country?: string;
  postalCode?: string;
  promotionCode?: string;
  /** The person has just proved to the bank who they are. */
  authenticated?: boolean;
}

export type CheckoutResult = { kind: 'complete'; session: CheckoutSession } | { kind: 'authenticate' };

/**
 * What the checkout page does when a person pays: customer, card, subscription and its first payment, all or nothing.
 * Throws what the card says; the session stays open then. https://docs.stripe.com/payments/checkout/how-checkout-works
 */
export function completeCheckout(books: Books, session: CheckoutSession, form: CheckoutForm): CheckoutResult {
  if (session.status !== 'open') throw invalidRequest('This Checkout Session is no longer open.', 'session');
  const card = form.card === undefined ? undefined : cardOf(form.card);
  const needsCard =
    session.payment_method_collection === 'always' || !trialOf(planOfSession(books, session.id));
  if (!card && needsCard) throw invalidRequest('A card is needed.', 'card', 'parameter_missing');
  if (card?.authentication && !form.authenticated) return { kind: 'authenticate' };
  if (card?.attach) throw declined(card.attach);
  const customer = customerOf(books, session, form);
  const method =
    form.card === undefined
      ? undefined
      : attachTo(books, createCard(books, form.card).id, customer.id, 'payment_method').id;
  if (session.mode === 'setup') setUp(books, session, customer, method!);
  else buy(books, session, customer, method, form);
  books.emit('checkout.session.completed', session);
  return { kind: 'complete', session };
}

/** Whoever was there before becomes what is typed, as far as the session lets them. */
function customerOf(books: Books, session: CheckoutSession, form: CheckoutForm): Customer {
  const plan = planOfSession(books, session.id);
  const address = addressIn(form);
  if (!address && askedBy(books, session, plan).address === 'required')
    throw invalidRequest('A billing address is needed.', 'country', 'parameter_missing');
  if (!session.customer)
    return createCustomer(books, {
      email: session.customer_email ?? form.email ?? 'somebody@example.com',
      name: form.name ?? null,
      address,
    });
  const customer = books.customer(session.customer);
  return books.change<'customer'>(
    customer,
    {
      ...(plan.update.name === 'auto' && form.name ? { name: form.name } : {}),
      ...(plan.update.address === 'auto' && address ? { address } : {}),
    },
    'customer.updated',
  );
}

const addressIn = ({ country, postalCode }: CheckoutForm): Customer['address'] =>
  country ? addressOf({ country, postal_code: postalCode }) : null;

function setUp(books: Books, session: CheckoutSession, customer: Customer, method: string): void {
  const intent = createSetupIntent(books, customer.id, session.metadata ?? {});
  confirmSetup(books, intent, method, true);
  books.change<'checkout.session'>(session, {
    customer: customer.id,
    setup_intent: intent.id,
    status: 'complete',
    url: null,
  });
}

function buy(
  books: Books,
  session: CheckoutSession,
  customer: Customer,
  method: string | undefined,
  form: CheckoutForm,
): void {
  const plan = planOfSession(books, session.id);
  const discounts = form.promotionCode
    ? [{ promotion_code: codeNamed(books, session, form.promotionCode) }]
    : plan.discounts;
  const subscription = subscribe(
    books,
    {
      ...plan.subscription_data,
      customer: customer.id,
      items: plan.items,
      discounts,
      automatic_tax: { enabled: plan.tax },
      payment_behavior: 'error_if_incomplete',
      ...(method ? { default_payment_method: method } : {}),
    },
    { authenticated: form.authenticated },
  );
  const invoice = books.store.get('invoice', subscription.latest_invoice ?? '');
  const paid = invoice?.amount_paid ?? 0;
  books.change<'checkout.session'>(session, {
    amount_subtotal: invoice?.subtotal ?? 0,
    amount_total: invoice?.total ?? 0,
    customer: customer.id,
    customer_details: {
      ...session.customer_details!,
      address: addressIn(form) ?? customer.address ?? null,
      email: customer.email,
      name: customer.name ?? null,
    },
    invoice: invoice?.id ?? null,
    payment_status: paid > 0 ? 'paid' : 'no_payment_required',
    status: 'complete',
    subscription: subscription.id,
    total_details: {
      amount_discount: amountsOf(invoice?.total_discount_amounts),
      amount_shipping: 0,
      amount_tax: amountsOf(invoice?.total_taxes),
    },
    url: null,
  });
}

const amountsOf = (all: readonly { amount: number }[] | null | undefined): number =>
  (all ?? []).reduce((sum, one) => sum + one.amount, 0);

function codeNamed(books: Books, session: CheckoutSession, typed: string): string {
  const code = books.store
    .all('promotion_code')
    .find((one) => one.active && one.code.toLowerCase() === typed.trim().toLowerCase());
  if (!session.allow_promotion_codes || !code)
    throw invalidRequest('This promotion code is invalid.', 'promotion_code', 'resource_missing');
  return code.id;
}
