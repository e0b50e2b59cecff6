import type { Books } from '../books.js';
import type { Customer, Invoice } from '../kinds.js';
import { automaticTax } from '../objects/subscription-shape.js';

/**
 * Whether tax can be computed: by the customer's address alone, which in the United States needs a postal code
 * (docs.stripe.com/tax/customer-locations). Cards and addresses of the network tell nothing here.
 */
export const isLocated = ({ address }: Pick<Customer, 'address'>): boolean =>
  Boolean(address?.country && (address.country !== 'US' || address.postal_code));

/** https://docs.stripe.com/api/invoices/object#invoice_object-automatic_tax */
export function taxOn(customer: Customer, enabled: boolean): Invoice['automatic_tax'] {
  return {
    disabled_reason: null,
    enabled,
    liability: enabled ? { type: 'self' } : null,
    provider: enabled ? 'stripe' : null,
    status: enabled ? (isLocated(customer) ? 'complete' : 'requires_location_inputs') : null,
  };
}

/**
 * A draft that cannot be taxed goes out without tax, and so does what follows:
 * https://docs.stripe.com/tax/customer-locations#invoice-finalization-errors
 */
export function giveUpTax(books: Books, invoice: Invoice): void {
  if (invoice.automatic_tax.status !== 'requires_location_inputs') return;
  const untaxed = { enabled: false, liability: null, provider: null, status: null };
  books.change<'invoice'>(invoice, {
    automatic_tax: { ...untaxed, disabled_reason: 'finalization_requires_location_inputs' },
  });
  const id = invoice.parent?.subscription_details?.subscription;
  const subscription = books.store.get('subscription', id ?? '');
  if (subscription?.automatic_tax.enabled)
    books.change<'subscription'>(
      subscription,
      { automatic_tax: { ...automaticTax(false), disabled_reason: 'requires_location_inputs' } },
      'customer.subscription.updated',
    );
}
