import type { z } from 'zod';
import type { Asked } from '../../apps/local/stripe/api.js';
import type { FaultInput } from '../../apps/local/stripe/faults.js';
import type { SubscriptionBody } from './billing.js';
import { type Answer, call, type ErrorBody, type RegisteredBody } from './person.js';
import type { JourneyStripe } from './stripe.js';

/** The wire form of a subscription with the last change that was asked for. */
export interface ChangedBody extends SubscriptionBody {
  change: {
    status: string;
    plan: string | null;
    interval: string | null;
    seats: number | null;
    code: string | null;
    at: string;
  } | null;
}

/** Asks the API at `url` for a change. */
export const askChange = (
  url: string,
  { access_token: bearer }: RegisteredBody,
  body: unknown,
): Promise<Answer<ChangedBody & ErrorBody>> =>
  call(`${url}/api/v1/billing/subscription`, { method: 'PATCH', bearer, body });

/** Stripe misbehaves from now on; see the local Stripe's README. */
export const fault = ({ local }: JourneyStripe, how: z.input<typeof FaultInput>): void =>
  void local.faults.add(how);

/** Listens from now on; gives what Stripe was asked to do to subscriptions since: one for each time that it was done. */
export function hearChanges(stripe: JourneyStripe): () => readonly Asked[] {
  const heard = stripe.hear();
  return () =>
    heard().filter(({ method, path }) => method === 'POST' && /^\/v1\/subscriptions\/\w+$/.test(path));
}
