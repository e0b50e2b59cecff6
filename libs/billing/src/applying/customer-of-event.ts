import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { refId } from '../stripe/id-of.js';
import { orNull } from '../stripe/look.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { plainType } from './dispatch.js';
import { customerNamed, Owned, Told } from './told.js';

/** One page: whoever has more customers on a test clock advances it again. */
const CLOCK_CUSTOMERS = 100;
/** A refund names its charge, that its customer; nothing is further away. */
const STEPS = 3;

/** Finds the customers that an event is about, by ids alone; what they are is asked of Stripe. */
@Injectable()
export class CustomerOfEvent {
  constructor(private readonly gateway: StripeGateway) {}

  /** None: it is about nobody. Throws what {@link StripeGateway.read} throws, and a SyntaxError or ZodError for what is no event. */
  async execute(payload: string): Promise<readonly string[]> {
    const event = Told.parse(JSON.parse(payload));
    const { data, related_object: related } = event;
    if (plainType(event.type).startsWith('test_helpers.test_clock.')) {
      return this.onClock(data?.object?.id ?? related?.id);
    }
    const customer =
      customerNamed(event) ??
      (await this.behind((data?.object && placeIn(data.object)) ?? related?.url, STEPS));
    return customer ? [customer] : [];
  }

  private async onClock(clock: string | undefined): Promise<readonly string[]> {
    if (!clock) return [];
    const customers = await this.gateway.read('find_customers', (stripe) =>
      orNull(stripe.customers.list({ test_clock: clock, limit: CLOCK_CUSTOMERS })),
    );
    return customers?.data.map((one) => one.id) ?? [];
  }

  /** Whose the object at `place` is, or what that belongs to. */
  private async behind(place: string | undefined, steps: number): Promise<string | null> {
    if (!place || !isPlace(place) || steps === 0) return null;
    const found = await this.gateway.read('find_customer', (stripe) =>
      orNull(stripe.rawRequest('GET', place) as Promise<unknown>),
    );
    if (!found) return null;
    const object = Owned.parse(found);
    return refId(object.customer) ?? this.behind(placeIn(object), steps - 1);
  }
}

/** A place of the API, and no other one that an address could lead to. */
function isPlace(address: string): boolean {
  const [root, version, ...parts] = address.split('/');
  return root === '' && version === 'v1' && parts.length > 0 && parts.every((part) => /^[\w-]+$/.test(part));
}

/** What tells of whom somebody has paid, or is paid back, the surest first. */
function placeIn(object: z.output<typeof Owned>): string | undefined {
  const [charge, intent, invoice] = [object.charge, object.payment_intent, object.invoice].map(refId);
  if (charge) return `/v1/charges/${charge}`;
  if (intent) return `/v1/payment_intents/${intent}`;
  return invoice ? `/v1/invoices/${invoice}` : undefined;
}
