import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { z } from 'zod';
import { orNull } from '../stripe/look.js';
import { StripeGateway } from '../stripe/stripe-gateway.js';
import { plainType } from './dispatch.js';

const Ref = z.union([z.string(), z.looseObject({ id: z.string() })]).nullish();

/** What is read of an event: where to look. Nothing of it is believed. */
const Told = z.object({
  type: z.string(),
  data: z
    .looseObject({
      object: z
        .looseObject({
          id: z.string().optional(),
          object: z.string(),
          customer: Ref,
          charge: Ref,
          invoice: Ref,
        })
        .optional(),
      previous_attributes: z.looseObject({ customer: Ref }).nullish(),
    })
    .nullish(),
  /** Of thin events (docs.stripe.com/api/v2/core/events/object). */
  related_object: z.looseObject({ id: z.string() }).nullish(),
});

/** One page: whoever has more customers on a test clock advances it again. */
const CLOCK_CUSTOMERS = 100;

/** Finds the customers that an event is about, by ids alone; what they are is asked of Stripe. */
@Injectable()
export class CustomerOfEvent {
  constructor(private readonly gateway: StripeGateway) {}

  /** None: it is about nobody. Throws what {@link StripeGateway.read} throws, and a SyntaxError or ZodError for what is no event. */
  async execute(payload: string): Promise<readonly string[]> {
    const event = Told.parse(JSON.parse(payload));
    const object = event.data?.object;
    if (plainType(event.type).startsWith('test_helpers.test_clock.')) {
      return this.onClock(object?.id ?? event.related_object?.id);
    }
    if (object?.object === 'customer') return some(object.id);
    const named = idOf(object?.customer) ?? idOf(event.data?.previous_attributes?.customer);
    if (named) return [named];
    const related = idOf(object?.charge) ?? idOf(object?.invoice) ?? event.related_object?.id;
    return related ? some(await this.ofObject(related)) : [];
  }

  private async onClock(clock: string | undefined): Promise<readonly string[]> {
    if (!clock) return [];
    const customers = await this.gateway.read('find_customers', (stripe) =>
      stripe.customers.list({ test_clock: clock, limit: CLOCK_CUSTOMERS }),
    );
    return customers.data.map((one) => one.id);
  }

  private async ofObject(id: string): Promise<string | null> {
    if (id.startsWith('cus_')) return id;
    const retrieve = RETRIEVE.find(([prefix]) => id.startsWith(prefix))?.[1];
    if (!retrieve) return null;
    const object = await this.gateway.read('find_customer', (stripe) => orNull(retrieve(stripe, id)));
    return idOf(object?.customer);
  }
}

type Owned = { customer?: string | { id: string } | null };

/** By how ids begin; the longer first. */
const RETRIEVE: readonly (readonly [string, (stripe: Stripe, id: string) => Promise<Owned>])[] = [
  ['sub_sched_', (stripe, id) => stripe.subscriptionSchedules.retrieve(id)],
  ['sub_', (stripe, id) => stripe.subscriptions.retrieve(id)],
  ['in_', (stripe, id) => stripe.invoices.retrieve(id)],
  ['ch_', (stripe, id) => stripe.charges.retrieve(id)],
  ['cs_', (stripe, id) => stripe.checkout.sessions.retrieve(id)],
  ['pm_', (stripe, id) => stripe.paymentMethods.retrieve(id)],
  ['cn_', (stripe, id) => stripe.creditNotes.retrieve(id)],
];

const idOf = (ref: string | { id: string } | null | undefined): string | null =>
  ref == null ? null : typeof ref === 'string' ? ref : ref.id;

const some = (id: string | null | undefined): readonly string[] => (id ? [id] : []);
