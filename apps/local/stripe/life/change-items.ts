import type { Books } from '../books.js';
import { nextBoundary } from '../clock.js';
import type { Interval } from '../clock.js';
import { invalidRequest } from '../errors.js';
import { mergeMetadata } from '../form.js';
import type { InvoiceLine, Price, Subscription, SubscriptionItem } from '../kinds.js';
import { planOf } from '../objects/prices.js';
import type { ItemInput, UpdateSubscription } from '../objects/subscription-params.js';
import { mustAgree, mustHaveNoQuantity, newItem, periodOf, priceFor } from '../objects/subscription-shape.js';
import { linesForPeriod } from './lines.js';
import { billUses, prorate } from './prorations.js';
import { countFromNow, isMetered } from './usage.js';
import { clone } from '../wire.js';

export interface ItemsChange {
  items: SubscriptionItem[];
  /** Ended by it: as they were. */
  before: SubscriptionItem[];
  /** Begun by it: as they are now. */
  after: SubscriptionItem[];
  /** Of both those whose uses are billed by a price that goes, or comes. */
  uncounted: SubscriptionItem[];
  counted: SubscriptionItem[];
  /** Another interval, or a new anchor: the period begins anew. */
  restarts: boolean;
}

/** What the items become. Throws for ids that are not of this subscription and for prices that do not fit. */
export function changeOf(
  books: Books,
  subscription: Subscription,
  given: ItemInput[] | undefined,
  restart: boolean,
): ItemsChange {
  const old = subscription.items.data;
  const items = old.map((item) => clone(item));
  const period = periodOf(subscription);
  const now = books.now(subscription.customer);
  for (const [index, change] of (given ?? []).entries()) {
    if (change.id === undefined) {
      items.push(newItem(subscription.id, priceFor(books, change, index), change, period, now));
      continue;
    }
    const at = items.findIndex((item) => item.id === change.id);
    if (at === -1)
      throw invalidRequest(
        `No such subscription_item: '${change.id}'`,
        `items[${index}][id]`,
        'resource_missing',
      );
    if (change.deleted) items.splice(at, 1);
    else items[at] = changed(items[at]!, change, priceOf(books, items[at]!, change, index));
  }
  if (items.length === 0)
    throw invalidRequest(
      'A subscription must have at least one active plan. To cancel, use the cancel API.',
      'items',
    );
  mustAgree(items);
  const interval = (price: Price) => `${price.recurring?.interval} ${price.recurring?.interval_count}`;
  const restarts = restart || interval(items[0]!.price) !== interval(old[0]!.price);
  const differs = (a: SubscriptionItem, b: SubscriptionItem | undefined) =>
    restarts || !b || a.price.id !== b.price.id || a.quantity !== b.quantity;
  return {
    items,
    before: old.filter((item) =>
      differs(
        item,
        items.find((one) => one.id === item.id),
      ),
    ),
    after: items.filter((item) =>
      differs(
        item,
        old.find((one) => one.id === item.id),
      ),
    ),
    uncounted: usesLeftBy(old, items),
    counted: usesLeftBy(items, old),
    restarts,
  };
}

/** Those of metered prices that the others do not have. */
function usesLeftBy(items: SubscriptionItem[], others: SubscriptionItem[]): SubscriptionItem[] {
  const isThere = ({ id, price }: SubscriptionItem) =>
    others.some((one) => one.id === id && one.price.id === price.id);
  return items.filter((item) => isMetered(item) && !isThere(item));
}

function priceOf(books: Books, item: SubscriptionItem, change: ItemInput, index: number): Price {
  if (change.price === item.price.id) return item.price;
  return change.price === undefined && change.price_data === undefined
    ? item.price
    : priceFor(books, change, index);
}

function changed(item: SubscriptionItem, change: ItemInput, price: Price): SubscriptionItem {
  const metered = isMetered({ price });
  if (metered) mustHaveNoQuantity(price, change);
  const { quantity: _, ...rest } = item;
  return {
    ...(metered ? rest : item),
    metadata: mergeMetadata(item.metadata, change.metadata),
    plan: planOf(price),
    price: clone(price),
    // A new price without a quantity starts with one, as Stripe has it since billing is per item.
    ...(change.quantity !== undefined
      ? { quantity: change.quantity }
      : price.id === item.price.id || metered
        ? {}
        : { quantity: item.quantity ?? 1 }),
  };
}

/**
 * Puts the items in place with their prorations as pending invoice items; resolves with the lines of a period that
 * begins now. Nothing is invoiced yet. A trial costs nothing, so it has nothing to prorate.
 */
export function applyItems(
  books: Books,
  subscription: Subscription,
  change: ItemsChange,
  given: UpdateSubscription,
): InvoiceLine[] {
  const now = books.now(subscription.customer);
  const prorates =
    (given.proration_behavior ?? 'create_prorations') !== 'none' &&
    !['trialing', 'incomplete', 'paused'].includes(subscription.status);
  const date = given.proration_date ?? now;
  if (prorates) mustBeInPeriod(subscription, date);
  if (prorates) prorate(books, subscription, 'unused', { items: change.before, time: date });
  // In classic billing mode nobody is billed for them.
  if (prorates && subscription.billing_mode.type === 'flexible')
    billUses(books, subscription, change.uncounted);
  countFromNow(books, subscription, change.counted);
  if (!change.restarts || subscription.status === 'trialing') {
    setItems(books, subscription, change.items);
    if (prorates) prorate(books, subscription, 'remaining', { items: change.after, time: date });
    return [];
  }
  // What is used from now on is of the new period.
  const before = { ...periodOf(subscription), end: now };
  const { interval, interval_count: count } = change.items[0]!.price.recurring!;
  const period = { start: now, end: nextBoundary(now, interval as Interval, count, now) };
  setItems(
    books,
    subscription,
    change.items.map((item) => ({
      ...item,
      current_period_start: period.start,
      current_period_end: period.end,
    })),
  );
  books.change<'subscription'>(subscription, { billing_cycle_anchor: now });
  return linesForPeriod(books, subscription, period, before);
}

function mustBeInPeriod(subscription: Subscription, date: number): void {
  const { start, end } = periodOf(subscription);
  if (date < start || date > end)
    throw invalidRequest(
      'Cannot specify `proration_date` outside of current subscription period.',
      'proration_date',
    );
}

function setItems(books: Books, subscription: Subscription, data: SubscriptionItem[]): void {
  books.change<'subscription'>(subscription, { items: { ...subscription.items, data } });
}
