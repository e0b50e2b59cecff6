import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db } from '#platform';
import { MailTokens } from '../persistence/mail-tokens.js';
import { PendingIdentities } from '../persistence/pending-identities.js';
import { LinkIdentity } from './link-identity.js';
import { MailTokenText, tokenInvalid, UseMailToken } from './use-mail-token.js';

export const ConfirmLinkInput = z.strictObject({ token: MailTokenText });

/**
 * Links an identity by the token of the mail that went to its address. Makes no session: whoever has the mailbox still
 * has to sign in, with the second factor where there is one.
 */
@Injectable()
export class ConfirmLink {
  constructor(
    private readonly db: Db,
    private readonly useMailToken: UseMailToken,
    private readonly mailTokens: MailTokens,
    private readonly pending: PendingIdentities,
    private readonly linkIdentity: LinkIdentity,
    private readonly clock: Clock,
  ) {}

  /** Throws 422 `TOKEN_INVALID`, 409 `IDENTITY_TAKEN` or `IDENTITIES_EXHAUSTED`. */
  async execute(
    actor: Actor,
    input: z.output<typeof ConfirmLinkInput>,
  ): Promise<{ status: 'linked'; provider: string }> {
    const { purpose, person, user, token } = await this.useMailToken.open(actor, input.token);
    if (purpose !== 'link_identity' || !user.emailVerified) throw tokenInvalid();
    const identity = await this.pending.find(person, token.tokenId);
    if (!identity) throw tokenInvalid();
    await this.db.transaction(person, async () => {
      if (!(await this.mailTokens.use(token))) throw tokenInvalid();
      // The mail was read where the identity says that its person is.
      const proved = { ...identity, emailVerified: true, displayName: null, authTime: this.clock.now() };
      await this.linkIdentity.link(proved, 'mail');
    });
    return { status: 'linked', provider: identity.provider };
  }
}
