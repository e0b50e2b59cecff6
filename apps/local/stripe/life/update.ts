import type { Books } from '../books.js';
import { HOUR } from '../clock.js';
import { invalidRequest, rateLimited } from '../errors.js';
import { mergeMetadata } from '../form.js';
import type { Invoice, Subscription } from '../kinds.js';
import { redeem } from '../objects/coupons.js';
import type { UpdateSubscription } from '../objects/subscription-params.js';
import { automaticTax } from '../objects/subscription-shape.js';
import { billFor } from './bill.js';
import { isEnded } from './cancel.js';
import { applyItems, changeOf } from './change-items.js';
import { collect, incomplete, voidInvoice } from './collection.js';
import { finalize, finalizeLater } from './invoicing.js';
import { withCancellation } from './cancellation.js';
import { ownMethod } from './subscribe.js';
import { tellOfChange } from './tell.js';
import { endTrial } from './trial.js';
import { clone } from '../wire.js';

/** Stripe's own limit for one subscription: https://docs.stripe.com/rate-limits */
const QUANTITY_CHANGES_PER_HOUR = 200;
const PENDING_HOURS = 23;
const MAY_WAIT = new Set([
  'billing_cycle_anchor',
  'expand',
  'items',
  'off_session',
  'payment_behavior',
  'proration_behavior',
  'proration_date',
  'trial_end',
]);

/** POST /v1/subscriptions/:id: https://docs.stripe.com/api/subscriptions/update */
export function updateSubscription(
  books: Books,
  subscription: Subscription,
  given: UpdateSubscription,
): Subscription {
  mustBeUpdatable(subscription, given);
  countQuantities(books, subscription, given);
  const before = clone(subscription);
  if (given.payment_behavior === 'pending_if_incomplete')
    return updateWhenPaid(books, subscription, given, before);
  settings(books, subscription, given);
  const invoice = apply(books, subscription, given);
  tellOfChange(books, subscription, before);
  if (invoice) pay(books, invoice, given);
  return subscription;
}

function mustBeUpdatable(subscription: Subscription, given: UpdateSubscription): void {
  const harmless = ['cancellation_details', 'expand', 'metadata'];
  if (isEnded(subscription) && Object.keys(given).some((name) => !harmless.includes(name)))
    throw invalidRequest(
      'A canceled subscription can only update its cancellation_details and metadata.',
      undefined,
      'invalid_canceled_subscription_fields',
    );
  const cancels = given.cancel_at !== undefined || given.cancel_at_period_end !== undefined;
  if (subscription.schedule && cancels)
    throw invalidRequest(
      `The subscription is managed by the subscription schedule \`${subscription.schedule as string}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
    );
}

function countQuantities(books: Books, { id, customer }: Subscription, { items }: UpdateSubscription): void {
  if (!items?.some((item) => item.quantity !== undefined)) return;
  const now = books.now(customer);
  const recent = (books.store.notes(id).quantities_changed_at ?? []).filter((time) => time > now - HOUR);
  if (recent.length >= QUANTITY_CHANGES_PER_HOUR)
    throw rateLimited(
      `You have exceeded the number of quantity updates for the subscription '${id}': ${QUANTITY_CHANGES_PER_HOUR} per hour.`,
    );
  books.store.note(id, { quantities_changed_at: [...recent, now] });
}

/** What needs no money. */
function settings(books: Books, subscription: Subscription, given: UpdateSubscription): void {
  const {
    automatic_tax: tax,
    discounts,
    payment_settings: payment,
    trial_settings: trial,
    pause_collection: pause,
  } = given;
  const owner = {
    customer: subscription.customer,
    subscription: subscription.id,
    kept: subscription.discounts,
  };
  books.change<'subscription'>(subscription, {
    metadata: mergeMetadata(subscription.metadata, given.metadata),
    ...(given.description === undefined ? {} : { description: given.description }),
    ...(given.collection_method === undefined ? {} : { collection_method: given.collection_method }),
    ...(given.days_until_due === undefined ? {} : { days_until_due: given.days_until_due }),
    ...(given.default_payment_method === undefined
      ? {}
      : { default_payment_method: ownMethod(books, subscription.customer, given.default_payment_method) }),
    ...(tax === undefined ? {} : { automatic_tax: automaticTax(tax.enabled) }),
    ...(discounts === undefined ? {} : { discounts: redeem(books, discounts, owner) }),
    ...(pause === undefined
      ? {}
      : { pause_collection: pause && { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null } }),
    ...(payment?.save_default_payment_method === undefined || !subscription.payment_settings
      ? {}
      : {
          payment_settings: {
            ...subscription.payment_settings,
            save_default_payment_method: payment.save_default_payment_method,
          },
        }),
    ...(trial === undefined
      ? {}
      : { trial_settings: { end_behavior: { billing_cycle_anchor: null, ...trial.end_behavior } } }),
  });
  withCancellation(books, subscription, given);
}

/** Items, trial and period as asked; resolves with the draft that is to be paid now, if any. */
function apply(books: Books, subscription: Subscription, given: UpdateSubscription): Invoice | undefined {
  const restart = given.billing_cycle_anchor === 'now';
  const change = changeOf(books, subscription, given.items, restart);
  const touched = given.items !== undefined || restart;
  const lines = touched ? applyItems(books, subscription, change, given) : [];
  const trial = given.trial_end === undefined ? [] : setTrialEnd(books, subscription, given.trial_end);
  const now = lines.length + trial.length > 0 || (touched && given.proration_behavior === 'always_invoice');
  if (!now || (subscription.status === 'trialing' && trial.length === 0)) return undefined;
  return billFor(books, subscription, 'subscription_update', [...lines, ...trial]);
}

function setTrialEnd(books: Books, subscription: Subscription, end: number | 'now') {
  const now = books.now(subscription.customer);
  if (end === 'now' || end <= now) {
    if (end !== 'now')
      throw invalidRequest(
        'Invalid timestamp: must be an integer Unix timestamp in the future.',
        'trial_end',
      );
    return subscription.status === 'trialing' ? endTrial(books, subscription) : [];
  }
  const data = subscription.items.data.map((item) => ({ ...item, current_period_end: end }));
  books.store.note(subscription.id, { trial_end_told: false });
  books.change<'subscription'>(subscription, {
    ...{
      billing_cycle_anchor: end,
      items: { ...subscription.items, data },
      status: 'trialing',
      trial_end: end,
    },
    trial_start: subscription.trial_start ?? now,
  });
  return [];
}

function pay(books: Books, invoice: Invoice, given: UpdateSubscription): void {
  if (invoice.collection_method === 'send_invoice') return finalizeLater(books, invoice);
  if (finalize(books, invoice).status !== 'open') return;
  if (given.payment_behavior === 'default_incomplete') return books.settled(invoice, 'action');
  const result = collect(books, invoice, { offSession: given.off_session });
  if (result.kind !== 'paid' && given.payment_behavior === 'error_if_incomplete')
    throw incomplete(result.refusal);
}

/** https://docs.stripe.com/billing/subscriptions/pending-updates: changed once it is paid, within 23 hours. */
function updateWhenPaid(
  books: Books,
  subscription: Subscription,
  given: UpdateSubscription,
  before: Subscription,
): Subscription {
  const unable = Object.keys(given).find((name) => !MAY_WAIT.has(name));
  if (unable !== undefined)
    throw invalidRequest(
      `When \`payment_behavior\` is set to \`pending_if_incomplete\` you cannot pass \`${unable}\`.`,
      unable,
    );
  if (subscription.pending_update) voidPending(books, subscription);
  const { uses_since: since } = books.store.notes(subscription.id);
  const draft = apply(books, subscription, given);
  const items = clone(subscription.items.data);
  if (!draft || finalize(books, draft).status === 'paid') {
    tellOfChange(books, subscription, before);
    return subscription;
  }
  const wanted = clone(subscription);
  const latest = subscription.latest_invoice;
  Object.assign(subscription, before, { latest_invoice: latest });
  const { uses_since: wantedSince } = books.store.notes(subscription.id);
  books.store.note(subscription.id, {
    uses_since: since,
    pending: {
      invoice: draft.id,
      params: {
        items: wanted.items,
        anchor: wanted.billing_cycle_anchor,
        trial_end: wanted.trial_end,
        status: wanted.status,
        uses_since: wantedSince,
      },
    },
  });
  const result = collect(books, draft, { offSession: given.off_session });
  if (result.kind === 'paid') return subscription;
  return books.change<'subscription'>(
    subscription,
    {
      pending_update: {
        ...{ billing_cycle_anchor: null, cancel_at_period_end: null, discount: null, discounts: null },
        ...{ expires_at: books.now(subscription.customer) + PENDING_HOURS * HOUR, metadata: null },
        ...{
          subscription_items: items,
          trial_end: typeof given.trial_end === 'number' ? given.trial_end : null,
        },
        trial_from_plan: null,
      },
    },
    'customer.subscription.updated',
  );
}

/** Another one takes its place: https://docs.stripe.com/billing/subscriptions/pending-updates-reference */
function voidPending(books: Books, subscription: Subscription): void {
  const { pending } = books.store.notes(subscription.id);
  books.store.note(subscription.id, { pending: undefined });
  const waiting = books.store.get('invoice', pending?.invoice ?? '');
  if (waiting?.status === 'open') voidInvoice(books, waiting);
  books.change<'subscription'>(subscription, { pending_update: null });
}
