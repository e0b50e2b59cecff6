import { account } from './objects/account.js';
import { charges } from './objects/charges.js';
import { checkoutSessions } from './objects/checkout-sessions.js';
import { confirmPayments } from './objects/confirm-payment.js';
import { coupons } from './objects/coupons.js';
import { creditNotes } from './objects/credit-notes.js';
import { customers } from './objects/customers.js';
import { disputes } from './objects/disputes.js';
import { eventDestinations } from './objects/event-destinations.js';
import { events } from './objects/events.js';
import { invoiceItems } from './objects/invoice-items.js';
import { invoices } from './objects/invoices.js';
import { meters } from './objects/meters.js';
import { paymentIntents } from './objects/payment-intents.js';
import { paymentMethods } from './objects/payment-methods.js';
import { portal } from './objects/portal.js';
import { prices } from './objects/prices.js';
import { products } from './objects/products.js';
import { refunds } from './objects/refunds.js';
import { schedules } from './objects/schedules.js';
import { setupIntents } from './objects/setup-intents.js';
import { subscriptionItems, subscriptions } from './objects/subscriptions.js';
import { taxIds } from './objects/tax-ids.js';
import { testClocks } from './objects/test-clocks.js';
import { webhookEndpoints } from './objects/webhook-endpoints.js';
import type { Endpoint } from './router.js';

/** Everything of Stripe's API that is answered here; anything else is a 404 that says so. */
export const ENDPOINTS: Endpoint[] = [
  ...[
    account,
    charges,
    checkoutSessions,
    confirmPayments,
    coupons,
    creditNotes,
    customers,
    disputes,
    eventDestinations,
    events,
  ].flat(),
  ...[
    invoiceItems,
    invoices,
    meters,
    paymentIntents,
    paymentMethods,
    portal,
    prices,
    products,
    refunds,
  ].flat(),
  ...[schedules, setupIntents, subscriptionItems, subscriptions, taxIds, testClocks, webhookEndpoints].flat(),
];
