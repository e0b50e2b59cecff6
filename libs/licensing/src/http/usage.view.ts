import { z } from 'zod';

export const UsageView = z.object({
  meter: z.string(),
  /** Of one window; null: unlimited. */
  limit: z.int().nullable(),
  used: z.int(),
  /** null: unlimited. */
  remaining: z.int().nullable(),
  /** When the window ends; null: it never resets. */
  resetsAt: z.date().nullable(),
});
