import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, idFromBytes, occurred } from '#platform';
import { AccountLimits } from '../accounts/accounts.config.js';
import { AddressHash, EmailAddress } from '../accounts/address.js';
import { addressKeyOf, Budgets, tooMany } from '../accounts/budgets.js';
import { ResetAsked } from '../events/index.js';

const HOUR = 3_600;
/** Mails that one address may cause in all, for each that one mailbox may get. */
const MAILBOXES = 10;
/** Where events stand that belong to nobody yet. No tenant has this id, and nothing of a tenant is ever in it. */
const NOBODYS_TENANT = idFromBytes('ten', new Uint8Array(16));

export const ForgotPasswordInput = z.strictObject({ email: EmailAddress });

/**
 * Asks for a mail that sets a new password. Nothing is looked up here: one event is written, whether there is such
 * an account or not, and the worker looks. So neither answer nor time can tell.
 */
@Injectable()
export class ForgotPassword {
  constructor(
    private readonly db: Db,
    private readonly limits: AccountLimits,
    private readonly budgets: Budgets,
    private readonly addressHash: AddressHash,
    private readonly clock: Clock,
  ) {}

  /** Silent when a mailbox has got too many. Throws 429 `RATE_LIMITED` for the caller's own address. */
  async execute(actor: Actor, input: z.output<typeof ForgotPasswordInput>): Promise<{ status: 'accepted' }> {
    const { mails } = this.limits;
    const from = addressKeyOf(actor.origin.address);
    const waitMs = await this.budgets.take('forgot', from, mails * MAILBOXES, HOUR);
    if (waitMs > 0) throw tooMany(waitMs);

    const addressHash = this.addressHash.of(input.email).toString('base64url');
    if ((await this.budgets.take('mailbox', addressHash, mails, HOUR)) > 0) return { status: 'accepted' };
    const nobody = actor.as({ type: 'anonymous', id: null, tenantId: NOBODYS_TENANT });
    await this.db.transaction(nobody, async () =>
      this.db.record([occurred(ResetAsked, { addressHash }, this.clock.now())]),
    );
    return { status: 'accepted' };
  }
}
