import { z } from 'zod';

/** A moment as callers write it, in years that every system can hold. */
export const Instant = z.iso
  .datetime({ offset: true })
  .regex(/^2\d{3}-/, 'must be a year from 2000 to 2999')
  .transform((text) => new Date(text));
