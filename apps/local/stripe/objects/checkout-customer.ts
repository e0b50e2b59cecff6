import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import type { CheckoutSession, Customer } from '../kinds.js';
import { isLocated } from '../life/tax.js';
import type { CheckoutPlan, CreateSession } from './checkout-shape.js';

/** What a page may change of a customer who was there before, and what it needs for that: docs.stripe.com/tax/checkout */
export function mustFitCustomer(given: CreateSession, customer: Customer | null): void {
  const { customer_update: update, tax_id_collection: taxIds, automatic_tax: tax } = given;
  if (!customer) {
    if (update)
      throw invalidRequest('`customer_update` can only be used with `customer`.', 'customer_update');
    return;
  }
  if (taxIds?.enabled && update?.name !== 'auto')
    throw invalidRequest(
      'Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.',
      'customer_update[name]',
    );
  if (tax?.enabled && !isLocated(customer) && update?.address !== 'auto')
    throw invalidRequest(
      'Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set `customer_update[address]` to `auto` to save the address entered in Checkout to the Customer.',
      'customer_update[address]',
      'customer_tax_location_invalid',
    );
}

/** What the page asks beside a card. */
interface Asked {
  name: boolean;
  /** `required`: nobody pays without one. */
  address: 'required' | 'shown' | null;
}

export function askedBy(books: Books, session: CheckoutSession, plan: CheckoutPlan): Asked {
  const known = session.customer ? books.customer(session.customer) : null;
  // Without leave to change it, the address that is known is the one that counts.
  const needs = plan.tax && !(known && plan.update.address !== 'auto');
  const isWanted = session.billing_address_collection === 'required';
  return {
    name: !known || plan.update.name === 'auto',
    address: needs || isWanted ? 'required' : plan.update.address === 'auto' ? 'shown' : null,
  };
}
