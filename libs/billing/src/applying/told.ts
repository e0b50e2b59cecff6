import { z } from 'zod';
import { refId } from '../stripe/id-of.js';

const Ref = z.union([z.string(), z.object({ id: z.string() })]).nullish();

/** Where an object of Stripe says whose it is, or what it belongs to. */
export const Owned = z.object({ customer: Ref, charge: Ref, payment_intent: Ref, invoice: Ref });

/** What is read of an event: where to look. Nothing of it is believed. */
export const Told = z.object({
  type: z.string(),
  data: z
    .object({
      object: Owned.extend({ id: z.string().optional(), object: z.string() }).optional(),
      previous_attributes: z.object({ customer: Ref }).nullish(),
    })
    .nullish(),
  /** Of thin events (docs.stripe.com/api/v2/core/events/object); what has no id of its own has a place alone. */
  related_object: z.object({ id: z.string().optional(), url: z.string() }).nullish(),
});

export type Told = z.output<typeof Told>;

/** Stripe's ids are ASCII without blanks; PostgreSQL takes no NUL. */
const ID = /^[\x21-\x7e]{1,255}$/;
/** The customer, or something that is the customer's: a discount, a tax id. */
const OF_CUSTOMER = /^\/v1\/customers\/([^/?]+)/;

/** The customer that an event names by itself, if it does. */
export function customerNamed({ data, related_object: related }: Told): string | null {
  const object = data?.object;
  const named =
    (object?.object === 'customer' ? object.id : null) ??
    refId(object?.customer) ??
    refId(data?.previous_attributes?.customer) ??
    OF_CUSTOMER.exec(related?.url ?? '')?.[1];
  return named && ID.test(named) ? named : null;
}
