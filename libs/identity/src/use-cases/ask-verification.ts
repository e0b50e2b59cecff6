import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, occurred, unauthenticated } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { MailBudget, tooMany } from '../accounts/budgets.js';
import { MailAsked } from '../events/index.js';
import { MailTokens } from '../persistence/mail-tokens.js';
import { Users } from '../persistence/users.js';

/** Sends the mail that verifies the caller's address once more. */
@Injectable()
export class AskVerification {
  constructor(
    private readonly db: Db,
    private readonly users: Users,
    private readonly mailBudget: MailBudget,
    private readonly addressHash: AddressHash,
    private readonly mailTokens: MailTokens,
    private readonly clock: Clock,
  ) {}

  /** The links sent before end. Throws 429 `RATE_LIMITED` when too many were asked for. */
  async execute(actor: Actor): Promise<{ status: 'sent' | 'already_verified' }> {
    const user = await this.users.self(actor);
    if (!user) throw unauthenticated('no such person');
    if (user.emailVerified) return { status: 'already_verified' };

    const hash = this.addressHash.of(user.email);
    const waitMs = await this.mailBudget.to(hash);
    if (waitMs > 0) throw tooMany(waitMs);
    await this.db.transaction(actor, async () => {
      await this.mailTokens.revoke(['verify_email']);
      const tokenId = await this.mailTokens.make('verify_email', hash);
      const asked = { userId: user.id, kind: 'verify_email' as const, tokenId };
      this.db.record([occurred(MailAsked, asked, this.clock.now())]);
    });
    return { status: 'sent' };
  }
}
