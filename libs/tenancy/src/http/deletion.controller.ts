import { Body, Controller, Delete, Post } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, stepUp, wire } from '#platform';
import { AskDeletion, AskDeletionInput } from '../deletion/ask-deletion.js';

const DeletionView = z.object({ askedAt: z.date(), deletesAt: z.date(), askedBy: idOf('usr') });
const RestoredView = z.object({ status: z.literal('restored') });

@Controller('/api/v1/tenant')
export class DeletionController {
  constructor(private readonly askDeletion: AskDeletion) {}

  @Delete()
  @Endpoint({
    summary: 'Delete the organisation and everything it owns, after days in which it may be taken back',
    access: 'bearer',
    status: 202,
    output: DeletionView,
    stepUp: stepUp('tenant:delete'),
    refusals: {
      forbidden: ['MISSING_SCOPE'],
      conflict: ['DELETION_PENDING'],
      invalid: ['SLUG_MISMATCH'],
    },
  })
  ask(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(AskDeletionInput) }) input: z.output<typeof AskDeletionInput>,
  ): Promise<z.input<typeof DeletionView>> {
    return this.askDeletion.execute(actor, input);
  }

  @Post('/restore')
  @Endpoint({
    summary: 'Take the deletion of the organisation back',
    access: 'bearer',
    output: RestoredView,
    example: { status: 'restored' },
    refusals: { forbidden: ['MISSING_SCOPE'], conflict: ['DELETION_NOT_PENDING'] },
  })
  async restore(@CurrentActor() actor: Actor): Promise<z.input<typeof RestoredView>> {
    await this.askDeletion.takeBack(actor);
    return { status: 'restored' };
  }
}
