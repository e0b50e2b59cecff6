import { Controller, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { BilledUsageInput, ReadBilledUsage } from '../use-cases/read-billed-usage.js';

const UsageView = z.object({
  data: z.array(
    z.object({
      meter: z.string(),
      /** Its first moment, in UTC. */
      month: z.date(),
      recorded: z.int(),
      /** What is billed. */
      shipped: z.int(),
      waiting: z.int(),
      /** What is not, and will not be by itself. */
      failed: z.int(),
      /** Nobody is billed for it, as an operator has decided. */
      writtenOff: z.int(),
      /** Not billed by Stripe: there was a contract instead. */
      byContract: z.int(),
    }),
  ),
  nextCursor: z.string().nullable(),
});

@Controller('/api/v1/billing')
export class UsageController {
  constructor(private readonly readUsage: ReadBilledUsage) {}

  @Get('/usage')
  @Endpoint({
    summary:
      'What was used of billed meters, month by month, and how much is billed; a page tells of a year at most',
    access: 'bearer',
    output: UsageView,
    example: {
      data: [
        {
          meter: 'commands',
          month: '2026-11-01T00:00:00.000Z',
          recorded: 120,
          shipped: 118,
          waiting: 2,
          failed: 0,
          written_off: 0,
          by_contract: 0,
        },
      ],
      next_cursor: null,
    },
    refusals: { forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'] },
  })
  usage(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(BilledUsageInput) }) input: z.output<typeof BilledUsageInput>,
  ): Promise<z.input<typeof UsageView>> {
    return this.readUsage.execute(actor, input);
  }
}
