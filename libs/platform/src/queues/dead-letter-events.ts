import { z } from 'zod';
import { defineEvent } from '../events/event.js';

/** An operator gave given-up events another chance. */
export const DeadLettersRetried = defineEvent(
  'platform.dead_letters.retried',
  1,
  z.strictObject({ count: z.int(), subscription: z.string().nullable(), eventId: z.string().nullable() }),
);
