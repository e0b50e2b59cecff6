import { Injectable } from '@nestjs/common';
import {
  Actor,
  Clock,
  Db,
  type DeliveredEvent,
  type EventHandler,
  Handles,
  NOBODYS_TENANT,
  occurred,
} from '#platform';
import { ListTenants } from '#tenancy';
import { MailAsked, PasswordResetAsked, ResetAsked } from '../events/index.js';
import { Addresses } from '../persistence/addresses.js';
import { MailTokens } from '../persistence/mail-tokens.js';

/**
 * Finds out whose address it is that somebody forgot the password of, and asks for the mail: whoever proved it, else
 * who claimed it last, to whom the mail then is the proof. Nobody, and nothing happens.
 */
@Injectable()
@Handles('identity.answer-reset', ResetAsked, 'effect')
export class AnswerReset implements EventHandler<typeof ResetAsked> {
  constructor(
    private readonly db: Db,
    private readonly addresses: Addresses,
    private readonly listTenants: ListTenants,
    private readonly mailTokens: MailTokens,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<typeof ResetAsked>): Promise<void> {
    const addressHash = Buffer.from(event.payload.addressHash, 'base64url');
    const nobody = Actor.system(null, event.traceId);
    const { owner, claimant } = await this.addresses.holders(nobody, addressHash);
    const userId = owner ?? claimant;
    if (!userId) return;

    const person = nobody.as({ type: 'user', id: userId });
    const [tenantId = NOBODYS_TENANT] = await this.listTenants.execute(person);
    await this.db.transaction(person.as({ tenantId }), async () => {
      const now = this.clock.now();
      // The token has the event's own id: a repeated delivery makes no second one.
      const id = event.id.replace(/^evt_/, 'mtk_');
      const tokenId = await this.mailTokens.make('reset_password', addressHash, id);
      this.db.record([
        // In the trail of whoever only claims the address it would say that nobody has proved it.
        ...(owner ? [occurred(PasswordResetAsked, { userId }, now)] : []),
        occurred(MailAsked, { userId, kind: 'reset_password', tokenId }, now),
      ]);
    });
  }
}
