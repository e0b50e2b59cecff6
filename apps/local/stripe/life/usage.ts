import type { Books } from '../books.js';
import type { Invoice, InvoiceLine, Price, Subscription, SubscriptionItem } from '../kinds.js';
import { invoiceLine } from '../objects/invoice-shape.js';
import type { Period } from '../objects/subscription-shape.js';
import { shownRate, times } from './amounts.js';
import { itemParent, productName } from './parts-of-lines.js';

export const isMetered = ({ price }: { price: Price }): boolean => price.recurring?.usage_type === 'metered';

/** What a meter counted from the beginning of a period until before its end. */
export function usageIn(books: Books, meter: string, customer: string, { start, end }: Period): number {
  const formula = books.store.get('billing.meter', meter)?.default_aggregation.formula ?? 'sum';
  const events = books.store
    .all('usage')
    .filter((one) => one.meter === meter && one.customer === customer)
    .filter((one) => one.timestamp >= start && one.timestamp < end);
  if (formula === 'count') return events.length;
  if (formula === 'last') return events.sort((a, b) => a.timestamp - b.timestamp).at(-1)?.value ?? 0;
  return events.reduce((sum, one) => sum + one.value, 0);
}

/** Who is billed for what: of a line that stands on an invoice, its item may be gone by then. */
type Billed = Pick<SubscriptionItem, 'id' | 'price'>;
type Owner = Pick<Subscription, 'customer' | 'id'>;

/**
 * The lines for what was used in a period, one for each tier that it reaches
 * (docs.stripe.com/billing/subscriptions/usage-based/pricing-models). What was taken back beyond it is nothing, not less.
 */
function linesOf(books: Books, subscription: Owner, item: Billed, period: Period): InvoiceLine[] {
  const { price } = item;
  const used = Math.max(0, usageIn(books, price.recurring?.meter ?? '', subscription.customer, period));
  return sharesOf(books, price, used).map(({ quantity, unit, tier }) =>
    invoiceLine({
      amount: times(unit, quantity),
      currency: price.currency,
      description: `${quantity} × ${productName(books, price)} (${tier}at ${shownRate(unit, price)})`,
      ...{ period, price, quantity, unit },
      parent: itemParent(subscription, item),
      subscription: subscription.id,
    }),
  );
}

/** The same of what an item of a subscription counts in a period: not what was used before it began to. */
export function usageLines(
  books: Books,
  subscription: Subscription,
  item: SubscriptionItem,
  { start, end }: Period,
): InvoiceLine[] {
  const since = books.store.get('notes', subscription.id)?.uses_since?.[item.id] ?? start;
  return linesOf(books, subscription, item, { start: Math.min(end, Math.max(start, since)), end });
}

interface Share {
  quantity: number;
  unit: string;
  /** In the words of the line. */
  tier: string;
}

function sharesOf(books: Books, price: Price, used: number): Share[] {
  const tiers = books.store.get('notes', price.id)?.tiers;
  if (!tiers) return [{ quantity: used, unit: price.unit_amount_decimal ?? '0', tier: '' }];
  const shares = tiers.map(({ up_to: upTo, unit_amount_decimal: unit }, at) => {
    const below = tiers[at - 1]?.up_to ?? 0;
    const quantity = Math.max(0, Math.min(used, upTo ?? used) - below);
    return { quantity, unit: unit ?? '0', tier: `Tier ${at + 1} ` };
  });
  return shares.filter(({ quantity }, at) => quantity > 0 || at === 0);
}

/** What was used until a subscription ends, as far as anything was; a trial's uses cost nothing. */
export function lastUses(books: Books, subscription: Subscription, period: Period): InvoiceLine[] {
  if (subscription.status === 'trialing') return [];
  return subscription.items.data
    .filter(isMetered)
    .flatMap((item) => usageLines(books, subscription, item, period))
    .filter(({ quantity }) => quantity !== 0);
}

/** These items count what is used from now on. */
export function countFromNow(books: Books, subscription: Subscription, items: SubscriptionItem[]): void {
  if (items.length === 0) return;
  const now = books.now(subscription.customer);
  const { uses_since: before } = books.store.notes(subscription.id);
  books.store.note(subscription.id, {
    uses_since: { ...before, ...Object.fromEntries(items.map(({ id }) => [id, now])) },
  });
}

/**
 * While it is a draft, uses of its period still come in
 * (docs.stripe.com/billing/subscriptions/usage-based/configure-grace-period): its lines as they are now.
 */
export function countAgain(books: Books, invoice: Invoice): void {
  const counted = new Set<string>();
  const data = invoice.lines.data.flatMap((line) => {
    const { subscription, subscription_item: id } = line.parent?.subscription_item_details ?? {};
    const price = books.store.get('price', line.pricing?.price_details?.price ?? '');
    if (!subscription || !id || !price || !isMetered({ price })) return [line];
    if (counted.has(id)) return [];
    counted.add(id);
    const owner = { id: subscription, customer: invoice.customer! };
    return linesOf(books, owner, { id, price }, line.period).map((one) => ({ ...one, invoice: invoice.id }));
  });
  if (counted.size > 0) books.change<'invoice'>(invoice, { lines: { ...invoice.lines, data } });
}
