import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

/** Uses of one tenant that were refused because too little was left: of each minute, licence and meter the first, and then the others together. */
export const UsageRefused = defineEvent(
  'licensing.usage.refused',
  1,
  z.strictObject({
    entries: z
      .array(
        z.strictObject({
          /** The same however often it is told. */
          refusalId: z.string(),
          licenseId: idOf('lic'),
          meter: z.string(),
          /** How many refusals this entry stands for. */
          count: z.int().min(1),
          userId: idOf('usr').nullable(),
          traceId: z.string(),
          address: z.string().nullable(),
          at: z.iso.datetime({ offset: true }),
        }),
      )
      .min(1)
      .max(500),
  }),
);

/** A use of a meter that is billed was counted, once for each key of a licence. */
export const UsageBilled = defineEvent(
  'licensing.usage.billed',
  1,
  z.strictObject({
    licenseId: idOf('lic'),
    meter: z.string(),
    /** As it was reported, or one of ours. */
    idempotencyKey: z.string(),
    amount: z.int().min(1),
    /** When we were told of it, by our own time: what the caller says when it happened, bills nothing. */
    at: z.iso.datetime({ offset: true }),
  }),
);
