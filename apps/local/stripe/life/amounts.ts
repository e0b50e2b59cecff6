import type { Books } from '../books.js';
import { DECIMAL_PLACES } from '../form.js';
import type { Invoice, InvoiceLine, Price } from '../kinds.js';
import { amountOff, couponOf } from '../objects/coupons.js';

/** Minor units for a quantity of a price. */
export function amountOf(price: Price, quantity: number): number {
  return times(price.unit_amount_decimal ?? String(price.unit_amount ?? 0), quantity);
}

const ONE = 10n ** BigInt(DECIMAL_PLACES);

/** So many of an amount with decimals, exactly; half a unit is rounded away from zero, as Stripe rounds. */
export function times(decimal: string, quantity: number): number {
  const isNegative = decimal.startsWith('-');
  const [whole = '0', rest = ''] = (isNegative ? decimal.slice(1) : decimal).split('.');
  const scaled = BigInt(whole + rest.padEnd(DECIMAL_PLACES, '0')) * BigInt(Math.abs(quantity));
  const amount = Number((scaled + ONE / 2n) / ONE);
  return amount === 0 || isNegative === quantity < 0 ? amount : -amount;
}

/** `$49.00 / month`, as in the descriptions of lines. */
export function shownPrice(price: Price): string {
  if (price.billing_scheme === 'tiered') return 'by tiers';
  return shownRate(price.unit_amount_decimal ?? '0', price);
}

export function shownRate(unit: string, { currency, recurring }: Price): string {
  const amount = shownAmount(Number(unit), currency);
  return recurring ? `${amount} / ${recurring.interval}` : amount;
}

const formats = new Map<string, Intl.NumberFormat>();

export function shownAmount(amount: number, currency: string): string {
  let format = formats.get(currency);
  if (!format)
    formats.set(
      currency,
      (format = new Intl.NumberFormat('en-US', {
        style: 'currency',
        currency,
        maximumFractionDigits: DECIMAL_PLACES,
      })),
    );
  return format.format(amount / 100);
}

const DATES = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });

/** `22 Nov 2026`, as in the descriptions of prorations. */
export function shownDate(time: number): string {
  return DATES.format(time * 1000);
}

type Sums = Pick<
  Invoice,
  | 'amount_due'
  | 'amount_remaining'
  | 'ending_balance'
  | 'starting_balance'
  | 'subtotal'
  | 'subtotal_excluding_tax'
  | 'total'
  | 'total_discount_amounts'
  | 'total_excluding_tax'
  | 'total_taxes'
>;

/** What an invoice comes to, and its lines with their shares of the discounts. Automatic tax is added, as to prices without it, where it can be computed. */
export function sums(books: Books, invoice: Invoice): { sums: Sums; lines: InvoiceLine[] } {
  const lines = discounted(books, invoice);
  const subtotal = invoice.lines.data.reduce((sum, line) => sum + line.amount, 0);
  const off = (invoice.discounts as string[]).map((discount) => ({
    discount,
    amount: lines.reduce(
      (sum, line) =>
        sum +
        (line.discount_amounts ?? [])
          .filter((one) => one.discount === discount)
          .reduce((all, one) => all + one.amount, 0),
      0,
    ),
  }));
  const untaxed = subtotal - off.reduce((sum, one) => sum + one.amount, 0);
  const taxes = taxesOf(books, invoice, untaxed);
  const total = untaxed + taxes.reduce((sum, one) => sum + one.amount, 0);
  const balance = books.store.get('customer', invoice.customer ?? '')?.balance ?? 0;
  // A negative balance is a credit, a positive one a debt: https://docs.stripe.com/billing/customer/balance
  const due = Math.max(0, total + balance);
  return {
    lines,
    sums: {
      amount_due: due,
      amount_remaining: due,
      ending_balance: invoice.status === 'draft' ? null : invoice.ending_balance,
      starting_balance: balance,
      subtotal,
      subtotal_excluding_tax: subtotal,
      total,
      total_discount_amounts: off,
      total_excluding_tax: untaxed,
      total_taxes: taxes,
    },
  };
}

/** https://docs.stripe.com/api/invoices/object#invoice_object-total_taxes */
function taxesOf(books: Books, invoice: Invoice, taxable: number): NonNullable<Invoice['total_taxes']> {
  const { tax_percent: percent } = books.settings;
  if (invoice.automatic_tax.status !== 'complete' || percent === 0) return [];
  return [
    {
      amount: Math.round((taxable * percent) / 100),
      tax_behavior: 'exclusive',
      tax_rate_details: null,
      taxability_reason: 'standard_rated',
      taxable_amount: taxable,
      type: 'tax_rate_details',
    },
  ];
}

/** Every discount in turn, over what the ones before it left. */
function discounted(books: Books, invoice: Invoice): InvoiceLine[] {
  const left = invoice.lines.data.map((line) => line.amount);
  const shares = invoice.lines.data.map((): { amount: number; discount: string }[] => []);
  for (const discount of invoice.discounts as string[]) {
    const fixed = couponOf(books, discount)?.percent_off === null;
    let pool = fixed
      ? amountOff(
          books,
          discount,
          Math.max(
            0,
            left.reduce((sum, one) => sum + one, 0),
          ),
        )
      : 0;
    for (const [index, line] of invoice.lines.data.entries()) {
      if (!line.discountable) continue;
      const amount = fixed
        ? Math.min(pool, Math.max(0, left[index]!))
        : amountOff(books, discount, left[index]!);
      if (fixed) pool -= amount;
      left[index]! -= amount;
      if (amount !== 0) shares[index]!.push({ amount, discount });
    }
  }
  return invoice.lines.data.map((line, index) => ({ ...line, discount_amounts: shares[index]! }));
}
