import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, NOBODYS_TENANT, occurred } from '#platform';
import { AddressHash, EmailAddress } from '../accounts/address.js';
import { MailBudget, tooMany } from '../accounts/budgets.js';
import { ResetAsked } from '../events/index.js';

export const ForgotPasswordInput = z.strictObject({ email: EmailAddress });

/**
 * Asks for a mail that sets a new password. Nothing is looked up here: one event is written, whether there is such
 * an account or not, and the worker looks. So neither answer nor time can tell.
 */
@Injectable()
export class ForgotPassword {
  constructor(
    private readonly db: Db,
    private readonly mailBudget: MailBudget,
    private readonly addressHash: AddressHash,
    private readonly clock: Clock,
  ) {}

  /** Silent when a mailbox has got too many. Throws 429 `RATE_LIMITED` for the caller's own address. */
  async execute(actor: Actor, input: z.output<typeof ForgotPasswordInput>): Promise<{ status: 'accepted' }> {
    const waitMs = await this.mailBudget.from(actor.origin.address);
    if (waitMs > 0) throw tooMany(waitMs);

    const hash = this.addressHash.of(input.email);
    if ((await this.mailBudget.to(hash)) > 0) return { status: 'accepted' };
    const nobody = actor.as({ type: 'anonymous', id: null, tenantId: NOBODYS_TENANT });
    await this.db.transaction(nobody, async () =>
      this.db.record([occurred(ResetAsked, { addressHash: hash.toString('base64url') }, this.clock.now())]),
    );
    return { status: 'accepted' };
  }
}
