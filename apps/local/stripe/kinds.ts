import type Stripe from 'stripe';
import type { Wire } from './wire.js';

/** Everything kept here, by the word Stripe has for it in `object`; the shapes are the SDK's own. */
export interface Kinds {
  'billing.meter': Wire<Stripe.Billing.Meter>;
  'billing_portal.configuration': Wire<Stripe.BillingPortal.Configuration>;
  'billing_portal.session': Wire<Stripe.BillingPortal.Session>;
  'checkout.session': Wire<Stripe.Checkout.Session>;
  'test_helpers.test_clock': Wire<Stripe.TestHelpers.TestClock>;
  'v2.core.event': ThinEvent;
  'v2.core.event_destination': Wire<Stripe.V2.Core.EventDestination>;
  charge: Wire<Stripe.Charge>;
  coupon: Wire<Stripe.Coupon>;
  credit_note: Wire<Stripe.CreditNote>;
  customer: Wire<Stripe.Customer>;
  discount: Wire<Stripe.Discount>;
  dispute: Wire<Stripe.Dispute>;
  event: SnapshotEvent;
  invoice: Wire<Stripe.Invoice>;
  invoice_payment: Wire<Stripe.InvoicePayment>;
  invoiceitem: Wire<Stripe.InvoiceItem>;
  payment_intent: Wire<Stripe.PaymentIntent>;
  payment_method: Wire<Stripe.PaymentMethod>;
  price: Wire<Stripe.Price>;
  product: Wire<Stripe.Product>;
  promotion_code: Wire<Stripe.PromotionCode>;
  refund: Wire<Stripe.Refund>;
  setup_intent: Wire<Stripe.SetupIntent>;
  subscription: Wire<Stripe.Subscription>;
  subscription_schedule: Wire<Stripe.SubscriptionSchedule>;
  tax_id: Wire<Stripe.TaxId>;
  webhook_endpoint: Wire<Stripe.WebhookEndpoint>;
  /** What we remember about an object that Stripe does not show; its id is the object's. */
  notes: Notes;
  usage: Usage;
}

export type Kind = keyof Kinds;
export type Customer = Kinds['customer'];
export type Subscription = Kinds['subscription'];
export type SubscriptionItem = Wire<Stripe.SubscriptionItem>;
export type Invoice = Kinds['invoice'];
export type InvoiceLine = Wire<Stripe.InvoiceLineItem>;
export type Price = Kinds['price'];
export type PaymentMethod = Kinds['payment_method'];
export type PaymentIntent = Kinds['payment_intent'];
export type Charge = Kinds['charge'];
export type Schedule = Kinds['subscription_schedule'];
export type CheckoutSession = Kinds['checkout.session'];

/** https://docs.stripe.com/api/events/object */
export type SnapshotEvent = Omit<Wire<Stripe.EventBase>, 'data' | 'type'> & {
  type: string;
  data: { object: unknown; previous_attributes?: Record<string, unknown> };
};

/** https://docs.stripe.com/api/v2/core/events/object */
export type ThinEvent = Wire<Stripe.V2.Core.EventBase> & {
  data?: unknown;
  related_object?: { id: string; type: string; url: string };
};

export interface Notes {
  id: string;
  object: 'notes';
  /** How a card behaves; see objects/test-cards.ts. */
  card?: string;
  /** Signs what goes to an endpoint; the one before is valid until `secret_until`. */
  secret?: string;
  previous_secret?: string;
  secret_until?: number;
  trial_end_told?: boolean;
  upcoming_told?: number;
  invoiced_at?: number[];
  quantities_changed_at?: number[];
  /** What a subscription becomes once the invoice that waits for money is paid: the parameters of the update. */
  pending?: { invoice: string; params: unknown };
  /** A resumed subscription waits for this invoice; or for its first attempt alone, however that ends. */
  resumes_with?: string;
  resumes_on_attempt?: boolean;
  /** What a checkout session shall make. */
  checkout?: unknown;
  /** Before deletion. */
  tombstone?: { object: string };
  /** Of a price; Stripe shows them to who includes them. */
  tiers?: Wire<Stripe.Price.Tier>[];
  /** Since when items of a subscription count what is used, where that is not their whole period. */
  uses_since?: Record<string, number>;
  /** Of a meter: what its next report tells of. */
  meter_errors?: MeterError[];
}

/** A meter event that was accepted and is not counted. */
export interface MeterError {
  code: string;
  message: string;
  identifier: string;
  /** Seconds. */
  at: number;
}

/** A meter event as it was accepted. */
export interface Usage {
  id: string;
  object: 'usage';
  meter: string;
  customer: string;
  value: number;
  timestamp: number;
  received: number;
}
