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
