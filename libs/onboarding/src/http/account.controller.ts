import { Body, Controller, Delete } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { DeleteAccount, DeleteAccountInput, STEP_UP_OR_SHOW } from '#identity';
import { DeletionConfig } from '#tenancy';
import { doneView } from './members.view.js';

const DeletedView = doneView('deleted');

/** The end of the caller's account, and of what is theirs alone. */
@Controller('/api/v1/auth')
export class AccountController {
  constructor(
    private readonly deleteAccount: DeleteAccount,
    private readonly deletion: DeletionConfig,
  ) {}

  @Delete('/me')
  @Endpoint({
    summary:
      'Delete the caller’s account; by the password, or by who has shown just now who they are. Organisations in which nobody else is end some days later',
    access: 'bearer',
    stepUp: STEP_UP_OR_SHOW,
    output: DeletedView,
    example: { status: 'deleted' },
    refusals: {
      forbidden: ['REAUTHENTICATION_REQUIRED'],
      conflict: ['LAST_OWNER'],
      too_many: ['SIGN_IN_LOCKED'],
      unavailable: ['BUSY'],
    },
  })
  async remove(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(DeleteAccountInput) }) input: z.output<typeof DeleteAccountInput>,
  ): Promise<z.input<typeof DeletedView>> {
    await this.deleteAccount.execute(actor, input, this.deletion);
    return { status: 'deleted' };
  }
}
