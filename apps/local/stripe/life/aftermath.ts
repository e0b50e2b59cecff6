import type { Books, Settlement } from '../books.js';
import type { Invoice, Subscription, SubscriptionItem } from '../kinds.js';
import { end, isEnded } from './cancel.js';
import { markUncollectible } from './collection.js';
import { paymentOf, subscriptionOf } from './invoicing.js';
import { pause, resumed } from './pause.js';

/** What a payment, or the want of one, means for the subscription: https://docs.stripe.com/billing/subscriptions/overview */
export function followInvoices(books: Books): void {
  books.settled = (invoice, how) => {
    const customer = books.store.get('customer', invoice.customer ?? '');
    const subscription = books.store.get('subscription', subscriptionOf(invoice) ?? '');
    if (customer && how === 'failed')
      books.change<'customer'>(customer, { delinquent: true }, 'customer.updated');
    if (customer && how === 'paid')
      books.change<'customer'>(customer, { delinquent: false }, 'customer.updated');
    if (subscription && !isEnded(subscription)) REACTIONS[how](books, subscription, invoice);
  };
}

type Reaction = (books: Books, subscription: Subscription, invoice: Invoice) => void;

const REACTIONS: Record<Settlement, Reaction> = {
  paid,
  failed: (books, subscription, invoice) => owes(books, subscription, invoice),
  action: (books, subscription, invoice) => owes(books, subscription, invoice),
  exhausted,
  voided: (books, subscription, invoice) => {
    if (books.store.notes(subscription.id).pending?.invoice === invoice.id)
      return expirePending(books, subscription);
    // With the last debt gone there is nothing to be late with.
    if (['past_due', 'unpaid'].includes(subscription.status) && subscription.latest_invoice === invoice.id)
      books.change<'subscription'>(subscription, { status: 'active' }, 'customer.subscription.updated');
  },
};

/** Nothing waits any more to be paid: https://docs.stripe.com/billing/subscriptions/pending-updates */
export function expirePending(books: Books, subscription: Subscription): void {
  books.store.note(subscription.id, { pending: undefined });
  books.change<'subscription'>(subscription, { pending_update: null }, 'customer.subscription.updated');
  books.emit('customer.subscription.pending_update_expired', subscription);
}

function paid(books: Books, subscription: Subscription, invoice: Invoice): void {
  const notes = books.store.notes(subscription.id);
  saveMethod(books, subscription, invoice);
  if (notes.pending?.invoice === invoice.id)
    return applyPending(books, subscription, notes.pending.params as Pending);
  if (notes.resumes_with === invoice.id && subscription.status === 'paused')
    return void resumed(books, subscription);
  if (subscription.latest_invoice !== invoice.id) return;
  if (['incomplete', 'past_due', 'unpaid'].includes(subscription.status))
    books.change<'subscription'>(subscription, { status: 'active' }, 'customer.subscription.updated');
}

function saveMethod(books: Books, subscription: Subscription, invoice: Invoice): void {
  if (subscription.payment_settings?.save_default_payment_method !== 'on_subscription') return;
  const intent = books.store.get(
    'payment_intent',
    paymentOf(books, invoice.id)?.payment.payment_intent ?? '',
  );
  if (intent?.payment_method && subscription.default_payment_method === null)
    books.change<'subscription'>(subscription, { default_payment_method: intent.payment_method });
}

interface Pending {
  items: { data: SubscriptionItem[] };
  anchor: number;
  trial_end: number | null;
  status: Subscription['status'];
  uses_since?: Record<string, number>;
}

function applyPending(
  books: Books,
  subscription: Subscription,
  { items, anchor, trial_end, status, uses_since }: Pending,
): void {
  books.store.note(subscription.id, { pending: undefined, uses_since });
  books.change<'subscription'>(
    subscription,
    {
      ...{
        billing_cycle_anchor: anchor,
        items: { ...subscription.items, data: items.data },
        pending_update: null,
        trial_end,
      },
      status: subscription.status === 'trialing' ? status : subscription.status,
    },
    'customer.subscription.updated',
  );
  books.emit('customer.subscription.pending_update_applied', subscription);
}

/** The first invoice leaves it incomplete; any later one makes it late, unless the change itself waits for the money. */
function owes(books: Books, subscription: Subscription, invoice: Invoice): void {
  const notes = books.store.notes(subscription.id);
  if (notes.pending?.invoice === invoice.id) return;
  if (notes.resumes_with === invoice.id && notes.resumes_on_attempt) resumed(books, subscription);
  if (subscription.status === 'active')
    books.change<'subscription'>(subscription, { status: 'past_due' }, 'customer.subscription.updated');
}

/** The account's choice: https://dashboard.stripe.com/settings/billing/automatic */
function exhausted(books: Books, subscription: Subscription, invoice: Invoice): void {
  const choice = books.settings.after_retries;
  if (choice === 'canceled') {
    markUncollectible(books, invoice, 'max_payment_attempts');
    end(books, subscription, 'payment_failed');
  }
  if (choice === 'paused') pause(books, subscription, 'final_payment_failure');
  if (choice === 'unpaid')
    books.change<'subscription'>(subscription, { status: 'unpaid' }, 'customer.subscription.updated');
}
