import { z } from 'zod';
import { LICENSE_TYPES } from '#sdk/formats';
import { ACCESSES, INTERVALS, STATES } from './words.js';

/** What a tenant has bought, in the words that our events, REST and the stream share. */
export const BOUGHT = {
  /** Stripe's; null: there is none. */
  subscriptionId: z.string().nullable(),
  state: z.enum(STATES),
  /** Why it is paused, or what is wrong with it. */
  reasons: z.array(z.string()),
  /** full: what was bought; free: what Free gives; none: nothing. */
  access: z.enum(ACCESSES),
  plan: z.enum(LICENSE_TYPES),
  interval: z.enum(INTERVALS).nullable(),
  /** null: as the plan says. */
  seats: z.int().nullable(),
} as const;
